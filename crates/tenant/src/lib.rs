//! An embedded endpoint in the server's role, for the demonstration, tests and users' own CI
