"""The one line for whoever imports an integration without its framework."""


def missing(error: ImportError, framework: str, *modules: str) -> ImportError:
    """What to raise for `error`: itself where the framework is there and broken in another way.

    framework: the package, and the name of our extra. modules: its top-level modules.
    """
    name = (error.name or "").partition(".")[0]
    if name not in (modules or (framework,)):
        return error
    return ImportError(
        f"heimdall_dash.integrations.{framework} needs {framework}, which is not installed: "
        f'pip install "heimdall-dash[{framework}]"',
        name=error.name,
    )
