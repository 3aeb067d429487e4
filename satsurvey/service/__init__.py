"""Service records: what tickets, calls and chats say of times, and how it is read, defined and counted."""
