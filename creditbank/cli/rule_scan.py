"""placeholder."""


def scan(files, *, most, as_json):
    return 0
