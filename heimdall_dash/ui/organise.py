"""What people say of a run: its name, tags, group and notes. Everybody who looks sees a change at
once; runs/organise.js puts the values in, and changes the job."""

import dash_mantine_components as dmc
from dash import html
from dash.development.base_component import Component

from heimdall_dash.ui import ids, texts

# As REST takes them.
MAX_NAME = 120  # characters
MAX_TAGS = 100


def organise() -> Component:
    return html.Details(
        [
            html.Summary(texts.ORGANISE_TITLE),
            html.Div(
                [
                    dmc.TextInput(
                        id=ids.JOB_RENAME, label=texts.RENAME_LABEL, value="", debounce=True,
                        attributes={"input": {"maxLength": MAX_NAME}},
                    ),
                    dmc.TagsInput(
                        id=ids.JOB_TAGS, label=texts.TAGS_LABEL, value=[], data=[],
                        maxTags=MAX_TAGS, acceptValueOnBlur=True,
                    ),
                    dmc.Autocomplete(
                        id=ids.JOB_GROUP, label=texts.GROUP_LABEL, value="", data=[], debounce=True,
                    ),
                    html.Div(
                        [
                            dmc.Textarea(
                                id=ids.JOB_NOTES, label=texts.NOTES_LABEL, value="", autosize=True,
                                minRows=2, maxRows=12, debounce=True,
                            ),
                            html.Div(id=ids.JOB_NOTES_SHOWN, className="notes-shown"),
                        ],
                        className="organise-notes",
                    ),
                ],
                className="organise",
            ),
        ],
        className="facts-details",
    )  # fmt: skip
