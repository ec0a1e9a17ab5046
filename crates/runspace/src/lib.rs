//! One remote runspace pool without I/O: psrp joined to a carrier, WS-Management or a pipe
