//! What the library knows of this CPU.
