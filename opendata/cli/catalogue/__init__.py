"""Commands for publishers, differences, withdrawals and renaming."""
