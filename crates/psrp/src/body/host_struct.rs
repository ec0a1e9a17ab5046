//! The structs of the raw user interface, as host calls carry them: the names of their fields are PowerShell's own
//! (protocol.md 16, MS-PSRP 2.2.3).

use clixml::{Object, Value};

use super::host_info::{Coordinates, Size};

/// A part of the screen buffer, both ends included. All four at -1 stand for the whole buffer.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
#[allow(missing_docs, reason = "the fields say it")]
pub struct Rectangle {
    pub left: i32,
    pub top: i32,
    pub right: i32,
    pub bottom: i32,
}

/// A cell of the screen buffer.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct BufferCell {
    /// A UTF-16 unit.
    pub character: u16,
    /// A ConsoleColor, 0 to 15.
    pub foreground: i32,
    /// A ConsoleColor, 0 to 15.
    pub background: i32,
    /// 0 whole, 1 the leading and 2 the trailing half of a wide character.
    pub cell_type: i32,
}

/// A key that was pressed or let go: the answer to ReadKey.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct KeyInfo {
    /// Windows' virtual key code.
    pub virtual_key: i32,
    /// The UTF-16 unit that it types, or 0.
    pub character: u16,
    /// Which of Shift, Ctrl, Alt and the locks are on (ControlKeyStates).
    pub control_state: i32,
    /// Whether it was pressed.
    pub down: bool,
}

/// What a host call passes by value.
pub trait HostStruct: Sized {
    /// Its name in .NET, where the declared type is `object`.
    const TYPE: &'static str;

    /// Reads it; `None` where a field is missing or of another type.
    fn of(value: &Value) -> Option<Self>;

    /// As it goes on the wire.
    fn to_value(&self) -> Value;
}

fn number(value: &Value, name: &str) -> Option<i32> {
    value.property(name)?.as_i32()
}

fn unit(value: &Value, name: &str) -> Option<u16> {
    match value.property(name)? {
        Value::Char(unit) => Some(*unit),
        _ => None,
    }
}

impl HostStruct for Coordinates {
    const TYPE: &'static str = "System.Management.Automation.Host.Coordinates";

    fn of(value: &Value) -> Option<Self> {
        Some(Self {
            x: number(value, "x")?,
            y: number(value, "y")?,
        })
    }

    fn to_value(&self) -> Value {
        Object::new().extended("x", self.x).extended("y", self.y).into()
    }
}

impl HostStruct for Size {
    const TYPE: &'static str = "System.Management.Automation.Host.Size";

    fn of(value: &Value) -> Option<Self> {
        Some(Self {
            width: number(value, "width")?,
            height: number(value, "height")?,
        })
    }

    fn to_value(&self) -> Value {
        Object::new()
            .extended("width", self.width)
            .extended("height", self.height)
            .into()
    }
}

impl HostStruct for Rectangle {
    const TYPE: &'static str = "System.Management.Automation.Host.Rectangle";

    fn of(value: &Value) -> Option<Self> {
        Some(Self {
            left: number(value, "left")?,
            top: number(value, "top")?,
            right: number(value, "right")?,
            bottom: number(value, "bottom")?,
        })
    }

    fn to_value(&self) -> Value {
        Object::new()
            .extended("left", self.left)
            .extended("top", self.top)
            .extended("right", self.right)
            .extended("bottom", self.bottom)
            .into()
    }
}

impl HostStruct for BufferCell {
    const TYPE: &'static str = "System.Management.Automation.Host.BufferCell";

    fn of(value: &Value) -> Option<Self> {
        Some(Self {
            character: unit(value, "character")?,
            foreground: number(value, "foregroundColor")?,
            background: number(value, "backgroundColor")?,
            cell_type: number(value, "bufferCellType")?,
        })
    }

    fn to_value(&self) -> Value {
        Object::new()
            .extended("character", Value::Char(self.character))
            .extended("foregroundColor", self.foreground)
            .extended("backgroundColor", self.background)
            .extended("bufferCellType", self.cell_type)
            .into()
    }
}

impl HostStruct for KeyInfo {
    const TYPE: &'static str = "System.Management.Automation.Host.KeyInfo";

    fn of(value: &Value) -> Option<Self> {
        Some(Self {
            virtual_key: number(value, "virtualKeyCode")?,
            character: unit(value, "character")?,
            control_state: number(value, "controlKeyState")?,
            down: value.property("keyDown")?.as_bool()?,
        })
    }

    fn to_value(&self) -> Value {
        Object::new()
            .extended("virtualKeyCode", self.virtual_key)
            .extended("character", Value::Char(self.character))
            .extended("controlKeyState", self.control_state)
            .extended("keyDown", self.down)
            .into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::body::{ErrorCategory, ErrorRecord, HostCall, HostRequest, RemoteHostMethodId, VOID};

    fn same<T: HostStruct + PartialEq + std::fmt::Debug>(given: T) {
        let read = clixml::read_value(clixml::write(&given.to_value()).as_bytes(), &clixml::Budget::default()).unwrap();
        assert_eq!(T::of(&read).as_ref(), Some(&given));
        assert_eq!(T::of(&Value::Null), None);
        assert_eq!(T::of(&Object::new().into()), None);
    }

    #[test]
    fn what_is_written_is_read() {
        same(Coordinates { x: 3, y: -1 });
        same(Size { width: 120, height: 50 });
        same(Rectangle {
            left: -1,
            top: -1,
            right: -1,
            bottom: -1,
        });
        same(BufferCell {
            character: 0xD83D,
            foreground: 7,
            background: 0,
            cell_type: 1,
        });
        same(KeyInfo {
            virtual_key: 13,
            character: 13,
            control_state: 0x20,
            down: true,
        });
    }

    /// An unanswered call blocks its pipeline for ever; an answered void one is a protocol error.
    #[test]
    fn each_of_the_56_calls_is_known_and_is_refused_where_it_waits() {
        let refusal = || {
            ErrorRecord::new(
                "System.Management.Automation.Host.HostException",
                "there is no such thing here",
                "HostFunctionNotImplemented",
                ErrorCategory::ResourceUnavailable,
            )
        };
        let odd = [
            Value::Null,
            Value::Int32(7),
            Value::list([Value::Null]),
            Object::new().into(),
        ];
        for number in 1..=56 {
            let method = RemoteHostMethodId::from_number(number);
            assert_eq!(method.number(), number);
            assert!(
                !matches!(method, RemoteHostMethodId::Unknown(_)),
                "{number} has no name"
            );
            for parameters in [Vec::new(), odd.to_vec()] {
                let call = |ci| HostCall {
                    ci,
                    method,
                    parameters: parameters.clone(),
                };
                // Whatever it is given, it is something that a terminal can do, or names its method.
                if let HostRequest::Other(other) = call(1).request() {
                    assert_eq!(other, method);
                }
                let answer = call(1).refuse(refusal()).expect("it waits for an answer");
                assert_eq!((answer.ci, answer.method), (1, method));
                assert!(call(VOID).refuse(refusal()).is_none(), "{number}");
            }
        }
    }
}
