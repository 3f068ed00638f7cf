"""What staff can do: verbs. Nothing here sees a request or commits; services flush when an id is needed and raise."""
