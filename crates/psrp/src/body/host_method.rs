//! The 56 methods of a host (MS-PSRP 2.2.3.17, protocol.md 16).

/// Declares the table once.
macro_rules! host_methods {
    ($($id:literal $name:ident $answer:ident;)+) => {
        /// A method of the client's host.
        #[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
        #[allow(missing_docs, reason = "the names are the documentation: methods of PSHost, PSHostUserInterface and PSHostRawUserInterface")]
        pub enum RemoteHostMethodId {
            $($name,)+
            /// A number that is not in the table.
            Unknown(i32),
        }

        impl RemoteHostMethodId {
            /// The whole table, in order.
            pub const ALL: &'static [RemoteHostMethodId] = &[$(RemoteHostMethodId::$name,)+];

            /// The number on the wire.
            pub const fn number(self) -> i32 {
                match self {
                    $(RemoteHostMethodId::$name => $id,)+
                    RemoteHostMethodId::Unknown(id) => id,
                }
            }

            /// The method that has this number.
            pub const fn from_number(id: i32) -> RemoteHostMethodId {
                match id {
                    $($id => RemoteHostMethodId::$name,)+
                    other => RemoteHostMethodId::Unknown(other),
                }
            }

            /// PowerShell's name.
            pub const fn name(self) -> &'static str {
                match self {
                    $(RemoteHostMethodId::$name => stringify!($name),)+
                    RemoteHostMethodId::Unknown(_) => "Unknown",
                }
            }

            /// Whether it returns nothing. Whether an answer is due says the call's `ci` alone.
            pub const fn is_void(self) -> bool {
                match self {
                    $(RemoteHostMethodId::$name => host_methods!(@ $answer),)+
                    RemoteHostMethodId::Unknown(_) => false,
                }
            }
        }
    };
    (@ void) => { true };
    (@ value) => { false };
}

host_methods! {
    1 GetName value;
    2 GetVersion value;
    3 GetInstanceId value;
    4 GetCurrentCulture value;
    5 GetCurrentUICulture value;
    6 SetShouldExit void;
    7 EnterNestedPrompt void;
    8 ExitNestedPrompt void;
    9 NotifyBeginApplication void;
    10 NotifyEndApplication void;
    11 ReadLine value;
    12 ReadLineAsSecureString value;
    13 Write1 void;
    14 Write2 void;
    15 WriteLine1 void;
    16 WriteLine2 void;
    17 WriteLine3 void;
    18 WriteErrorLine void;
    19 WriteDebugLine void;
    20 WriteProgress void;
    21 WriteVerboseLine void;
    22 WriteWarningLine void;
    23 Prompt value;
    24 PromptForCredential1 value;
    25 PromptForCredential2 value;
    26 PromptForChoice value;
    27 GetForegroundColor value;
    28 SetForegroundColor void;
    29 GetBackgroundColor value;
    30 SetBackgroundColor void;
    31 GetCursorPosition value;
    32 SetCursorPosition void;
    33 GetWindowPosition value;
    34 SetWindowPosition void;
    35 GetCursorSize value;
    36 SetCursorSize void;
    37 GetBufferSize value;
    38 SetBufferSize void;
    39 GetWindowSize value;
    40 SetWindowSize void;
    41 GetWindowTitle value;
    42 SetWindowTitle void;
    43 GetMaxWindowSize value;
    44 GetMaxPhysicalWindowSize value;
    45 GetKeyAvailable value;
    46 ReadKey value;
    47 FlushInputBuffer void;
    48 SetBufferContents1 void;
    49 SetBufferContents2 void;
    50 GetBufferContents value;
    51 ScrollBufferContents void;
    52 PushRunspace void;
    53 PopRunspace void;
    54 GetIsRunspacePushed value;
    55 GetRunspace value;
    56 PromptForChoiceMultipleSelection value;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_whole_and_reads_back() {
        assert_eq!(RemoteHostMethodId::ALL.len(), 56);
        for (index, method) in RemoteHostMethodId::ALL.iter().enumerate() {
            assert_eq!(method.number(), index as i32 + 1);
            assert_eq!(RemoteHostMethodId::from_number(method.number()), *method);
        }
    }

    #[test]
    fn what_writes_returns_nothing_and_what_asks_does() {
        for id in (13..=22).chain([6, 28, 47, 53]) {
            assert!(RemoteHostMethodId::from_number(id).is_void(), "{id}");
        }
        for id in [11, 12, 23, 24, 25, 26, 46, 56] {
            assert!(!RemoteHostMethodId::from_number(id).is_void(), "{id}");
        }
        assert!(
            !RemoteHostMethodId::from_number(57).is_void(),
            "an unknown method is answered"
        );
    }
}
