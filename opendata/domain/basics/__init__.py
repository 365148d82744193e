"""The basic catalogue of proactive disclosure (主动公开基本目录): what must be public, by whom, how, and by when."""
