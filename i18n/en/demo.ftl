# What the demonstration says.
