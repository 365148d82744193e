"""Who may do what, from where: values and rules of sign-ins, addresses and tokens."""
