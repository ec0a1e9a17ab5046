//! .NET's enums, as they go over the wire: type names, the name as ToString, the number (protocol.md 15).

/// An enum with a number, a name, and room for numbers that it does not know.
macro_rules! wire_enum {
    ($(#[$doc:meta])* $name:ident: $type_name:literal { $($(#[$value_doc:meta])* $value:ident = $number:literal, $spelled:literal;)+ }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
        pub enum $name {
            $($(#[$value_doc])* $value,)+
            /// Another number.
            Other(i32),
        }

        impl $name {
            /// The number on the wire.
            pub const fn number(self) -> i32 {
                match self {
                    $($name::$value => $number,)+
                    $name::Other(number) => number,
                }
            }

            /// The value that has this number.
            pub const fn from_number(number: i32) -> Self {
                match number {
                    $($number => $name::$value,)+
                    other => $name::Other(other),
                }
            }

            /// .NET's spelling; of an unknown one its number.
            pub fn name(self) -> std::borrow::Cow<'static, str> {
                match self {
                    $($name::$value => $spelled.into(),)+
                    $name::Other(number) => number.to_string().into(),
                }
            }

            /// The enum object. A plain number would do for the reader.
            pub fn to_value(self) -> clixml::Value {
                clixml::Value::enumeration_of($type_name, self.name().into_owned(), self.number())
            }
        }
    };
}
pub(super) use wire_enum;

wire_enum! {
    /// The COM apartment of a pipeline's thread.
    ApartmentState: "System.Threading.ApartmentState" {
        /// Single-threaded.
        Sta = 0, "STA";
        /// Multi-threaded.
        Mta = 1, "MTA";
        /// Whatever the server takes.
        Unknown = 2, "Unknown";
    }
}

wire_enum! {
    /// What thread a pipeline runs on.
    ThreadOptions: "System.Management.Automation.Runspaces.PSThreadOptions" {
        /// Whatever the server takes.
        Default = 0, "Default";
        /// A new one for each pipeline.
        UseNewThread = 1, "UseNewThread";
        /// One for all.
        ReuseThread = 2, "ReuseThread";
        /// The caller's.
        UseCurrentThread = 3, "UseCurrentThread";
    }
}

wire_enum! {
    /// Which records say by which command they were written.
    RemoteStreamOptions: "System.Management.Automation.RemoteStreamOptions" {
        /// None does.
        Plain = 0, "0";
        /// Errors, warnings, debug and verbose records do.
        AddInvocationInfo = 15, "AddInvocationInfo";
    }
}

wire_enum! {
    /// A stream of a command, for merging.
    PipelineResultTypes: "System.Management.Automation.Runspaces.PipelineResultTypes" {
        /// Nothing is merged.
        None = 0, "None";
        /// The objects.
        Output = 1, "Output";
        /// The errors.
        Error = 2, "Error";
        /// The warnings.
        Warning = 3, "Warning";
        /// The verbose records.
        Verbose = 4, "Verbose";
        /// The debug records.
        Debug = 5, "Debug";
        /// The information records.
        Information = 6, "Information";
        /// Every stream.
        All = 7, "All";
        /// Thrown away.
        Null = 8, "Null";
    }
}

wire_enum! {
    /// What kind of error it is.
    ErrorCategory: "System.Management.Automation.ErrorCategory" {
        /// Not said.
        NotSpecified = 0, "NotSpecified";
        /// Something could not be opened.
        OpenError = 1, "OpenError";
        /// Something could not be closed.
        CloseError = 2, "CloseError";
        /// A device failed.
        DeviceError = 3, "DeviceError";
        /// A deadlock.
        DeadlockDetected = 4, "DeadlockDetected";
        /// A wrong argument.
        InvalidArgument = 5, "InvalidArgument";
        /// Wrong data.
        InvalidData = 6, "InvalidData";
        /// Not possible now.
        InvalidOperation = 7, "InvalidOperation";
        /// A result that cannot be used.
        InvalidResult = 8, "InvalidResult";
        /// A wrong type.
        InvalidType = 9, "InvalidType";
        /// Wrong metadata.
        MetadataError = 10, "MetadataError";
        /// Not there yet.
        NotImplemented = 11, "NotImplemented";
        /// Not installed.
        NotInstalled = 12, "NotInstalled";
        /// Not found.
        ObjectNotFound = 13, "ObjectNotFound";
        /// Stopped.
        OperationStopped = 14, "OperationStopped";
        /// Timed out.
        OperationTimeout = 15, "OperationTimeout";
        /// Wrong syntax.
        SyntaxError = 16, "SyntaxError";
        /// The parser failed.
        ParserError = 17, "ParserError";
        /// Not allowed.
        PermissionDenied = 18, "PermissionDenied";
        /// In use.
        ResourceBusy = 19, "ResourceBusy";
        /// There already.
        ResourceExists = 20, "ResourceExists";
        /// Not available.
        ResourceUnavailable = 21, "ResourceUnavailable";
        /// Reading failed.
        ReadError = 22, "ReadError";
        /// Writing failed.
        WriteError = 23, "WriteError";
        /// A line of a program's stderr.
        FromStdErr = 24, "FromStdErr";
        /// A matter of security.
        SecurityError = 25, "SecurityError";
        /// A protocol was not kept.
        ProtocolError = 26, "ProtocolError";
        /// No connection.
        ConnectionError = 27, "ConnectionError";
        /// Not authenticated.
        AuthenticationError = 28, "AuthenticationError";
        /// Over a limit.
        LimitsExceeded = 29, "LimitsExceeded";
        /// Over a quota.
        QuotaExceeded = 30, "QuotaExceeded";
        /// Switched off.
        NotEnabled = 31, "NotEnabled";
    }
}
