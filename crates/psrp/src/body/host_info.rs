//! HostInfo: what the client's host looks like (MS-PSRP 2.2.3.14, protocol.md 15 and 24).

use clixml::{Content, Object, Text, Value};

use super::host_struct::HostStruct as _;
use super::members::Members;
use crate::Error;

/// Whether there is a host, and what it answers to the getters, so that those need no call.
#[derive(Clone, PartialEq, Debug)]
pub struct HostInfo {
    /// No host at all.
    pub is_host_null: bool,
    /// No user interface.
    pub is_host_ui_null: bool,
    /// No raw user interface.
    pub is_host_raw_ui_null: bool,
    /// A pipeline: take the pool's host.
    pub use_runspace_host: bool,
    /// The answers of the getters. Must be there while `is_host_raw_ui_null` is false, else Write-Host fails.
    pub default_data: Option<HostDefaultData>,
}

impl HostInfo {
    /// No host; in a pipeline: the pool's.
    pub fn none() -> HostInfo {
        HostInfo {
            is_host_null: true,
            is_host_ui_null: true,
            is_host_raw_ui_null: true,
            use_runspace_host: true,
            default_data: None,
        }
    }

    /// A host with everything.
    pub fn console(default_data: HostDefaultData) -> HostInfo {
        HostInfo {
            is_host_null: false,
            is_host_ui_null: false,
            is_host_raw_ui_null: false,
            use_runspace_host: false,
            default_data: Some(default_data),
        }
    }

    /// As the value of the member `HostInfo`.
    pub fn to_value(&self) -> Value {
        let mut object = Object::new()
            .extended("_isHostUINull", self.is_host_ui_null)
            .extended("_isHostRawUINull", self.is_host_raw_ui_null)
            .extended("_isHostNull", self.is_host_null);
        if let Some(data) = &self.default_data {
            object = object.extended("_hostDefaultData", data.to_value());
        }
        object.extended("_useRunspaceHost", self.use_runspace_host).into()
    }

    pub(super) fn of(members: &Members<'_>) -> Result<HostInfo, Error> {
        let members = members.part("HostInfo", members.raw("HostInfo")?)?;
        let default_data = match members.object().property("_hostDefaultData") {
            None | Some(Value::Null) => None,
            Some(data) => Some(HostDefaultData::of(&members.part("_hostDefaultData", data)?)?),
        };
        Ok(HostInfo {
            is_host_null: members.bool("_isHostNull")?,
            is_host_ui_null: members.bool("_isHostUINull")?,
            is_host_raw_ui_null: members.bool("_isHostRawUINull")?,
            use_runspace_host: members.bool("_useRunspaceHost")?,
            default_data,
        })
    }
}

/// Columns and lines.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Size {
    /// Columns.
    pub width: i32,
    /// Lines; -1 from a PowerShell without a console.
    pub height: i32,
}

/// A place on the screen.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Coordinates {
    /// Columns from the left.
    pub x: i32,
    /// Lines from the top.
    pub y: i32,
}

/// The answers of the host's getters.
#[derive(Clone, PartialEq, Debug)]
pub struct HostDefaultData {
    /// A ConsoleColor, 0 to 15; -1 without a console.
    pub foreground: i32,
    /// A ConsoleColor, 0 to 15; -1 without a console.
    pub background: i32,
    /// Where the cursor is.
    pub cursor: Coordinates,
    /// Where the window begins in the buffer.
    pub window_position: Coordinates,
    /// Per cent of a cell.
    pub cursor_size: i32,
    /// Lines that were written, too.
    pub buffer_size: Size,
    /// What is seen.
    pub window_size: Size,
    /// The largest window for the buffer and the font.
    pub max_window_size: Size,
    /// The largest window for the screen.
    pub max_physical_window_size: Size,
    /// The title.
    pub title: Text,
}

impl HostDefaultData {
    /// A terminal of this size.
    pub fn terminal(width: i32, height: i32) -> HostDefaultData {
        let size = Size { width, height };
        HostDefaultData {
            foreground: -1,
            background: -1,
            cursor: Coordinates::default(),
            window_position: Coordinates::default(),
            cursor_size: 100,
            buffer_size: size,
            window_size: size,
            max_window_size: size,
            max_physical_window_size: size,
            title: Text::default(),
        }
    }

    fn to_value(&self) -> Value {
        let coordinates = |at: Coordinates| (Coordinates::TYPE, at.to_value());
        let size = |size: Size| (Size::TYPE, size.to_value());
        let color = |color: i32| ("System.ConsoleColor", Value::Int32(color));
        // Numbered as HostDefaultDataId, and in the order in which PowerShell writes them.
        let entries: [(i32, (&str, Value)); 10] = [
            (9, ("System.String", self.title.clone().into())),
            (8, size(self.max_physical_window_size)),
            (7, size(self.max_window_size)),
            (6, size(self.window_size)),
            (5, size(self.buffer_size)),
            (4, ("System.Int32", self.cursor_size.into())),
            (3, coordinates(self.window_position)),
            (2, coordinates(self.cursor)),
            (1, color(self.background)),
            (0, color(self.foreground)),
        ];
        let entries = entries
            .into_iter()
            .map(|(key, (type_name, value))| (key, Object::new().extended("T", type_name).extended("V", value)));
        Object::new().extended("data", Value::dictionary(entries)).into()
    }

    fn of(members: &Members<'_>) -> Result<HostDefaultData, Error> {
        let wrong = || members.wrong("_hostDefaultData", "a table of typed values");
        let table = members.part("data", members.raw("data")?)?;
        let Content::Dictionary(entries) = &table.object().content else {
            return Err(wrong());
        };
        let entry = |id: i64| {
            let found = entries.iter().find(|(key, _)| key.as_i64() == Some(id));
            found.and_then(|(_, value)| value.property("V"))
        };
        let number = |id, default| entry(id).and_then(Value::as_i32).unwrap_or(default);
        let size = |id| entry(id).and_then(Size::of).unwrap_or_default();
        let coordinates = |id| entry(id).and_then(Coordinates::of).unwrap_or_default();
        Ok(HostDefaultData {
            foreground: number(0, -1),
            background: number(1, -1),
            cursor: coordinates(2),
            window_position: coordinates(3),
            cursor_size: number(4, 0),
            buffer_size: size(5),
            window_size: size(6),
            max_window_size: size(7),
            max_physical_window_size: size(8),
            title: entry(9).and_then(Value::as_text).cloned().unwrap_or_default(),
        })
    }
}
