"""The parts of the script, each of which imports only earlier ones.

problem    one line that says what is wrong
target     words of the target's memory, and expressions
layout     where in a table and in a thread's structure everything is
place      where the table is, and what its layout is
keys       tags, keys, the table
threads    a thread's values and how far its exit has come; where the kernel's threads are
commands   what the user types
printers   how gdb prints the library's types
"""
