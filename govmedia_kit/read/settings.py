"""`audit.toml`: what an audit is called, where, when, by which rules."""

from __future__ import annotations

import datetime as dt
import tomllib
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    NonNegativeInt,
    PrivateAttr,
    ValidationError,
    field_validator,
)

from govmedia_kit import schema
from govmedia_kit.errors import InputError, hint
from govmedia_kit.languages import language_of

__all__ = ["NOT_GIVEN", "Deadlines", "Sampling", "Settings", "Tables", "read_settings"]

# The monitoring point of an audit that gives none: what was collected says it.
NOT_GIVEN = dt.date.min
Engine = Literal["polars", "duckdb", "spark", "dask"]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Tables(_Strict):
    """Files of the tables, relative to the audit folder, where they are not the only ones that could be meant."""

    accounts: str | None = None
    posts: str | None = None
    messages: str | None = None
    filed: str | None = None


class Sampling(_Strict):
    """A sample: the column whose words are the strata, and how many accounts are registered in each."""

    by: str = "unit_level"
    registered: dict[str, NonNegativeInt]

    @field_validator("by")
    @classmethod
    def _is_a_column(cls, by: str) -> str:
        known = schema.columns("accounts")
        if by not in known:
            raise InputError("unknown_choice", name="[sampling] by", found=by, hint=hint(by, known), known=known)
        return by


class Deadlines(_Strict):
    """Days within which messages are to be answered and problems mended, in calendar or working days."""

    reply_days: int | None = Field(default=None, gt=0)
    rectify_days: int | None = Field(default=None, gt=0)
    calendar: Literal["calendar", "working"] = "calendar"


class Settings(_Strict):
    """The settings of an audit, as `audit.toml` gives them."""

    as_of: dt.date = NOT_GIVEN
    title: str = ""
    region: str | None = None
    window_days: int = Field(default=90, gt=0, le=3660)
    rules: str = "state-council-2019"
    issuer: str = ""
    document_number: str = ""
    issued_on: dt.date | None = None
    recipients: str = ""
    copies: str = ""
    contact: str = ""
    note: str = ""
    previous: str | None = None
    language: Annotated[str, AfterValidator(language_of)] = "zh-Hans"
    engine: Engine = "polars"
    noted_on: dt.date | None = None
    collected_to: dt.date | dict[str, dt.date] | None = None
    tables: Tables = Tables()
    sampling: Sampling | None = None
    deadlines: Deadlines = Deadlines()
    _part: bool = PrivateAttr(default=False)

    @property
    def is_part(self) -> bool:
        """Whether only a part of the audit's own region is told of: then its title and recipients are not this bulletin's."""
        return self._part


def read_settings(folder: Path, **given: Any) -> Settings:
    """The settings in a folder's `audit.toml`; `given` ones that are not None win (the command's options).

    Raises InputError where the folder or the file is missing, where the file is not TOML, and for an unknown or
    impossible setting, with the closest known name.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise InputError("no_audit_folder", path=folder)
    path = folder / "audit.toml"
    if not path.is_file():
        raise InputError("no_audit_toml", path=folder)
    try:
        read = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InputError("bad_toml", path=path, found=error) from error
    if isinstance(read.get("tables"), dict) and "engine" in read["tables"]:  # as good as beside the other settings
        read["engine"] = read["tables"].pop("engine")
    part = given.get("region") not in (None, read.get("region"))
    if part:
        read |= {"title": "", "recipients": ""}
    read |= {name: value for name, value in given.items() if value is not None}
    try:
        settings = Settings(**{name: value for name, value in read.items() if value != ""})
    except ValidationError as error:
        raise _taught(path, error) from error
    settings._part = part
    return settings


def _taught(path: Path, error: ValidationError) -> InputError:
    first = error.errors()[0]
    name = ".".join(str(part) for part in first["loc"])
    models: dict[str, type[BaseModel]] = {"tables": Tables, "sampling": Sampling, "deadlines": Deadlines}
    model = models.get(str(first["loc"][0]), Settings) if len(first["loc"]) > 1 else Settings
    known = list(model.model_fields)
    if first["type"] == "extra_forbidden":
        return InputError(
            "unknown_setting", path=path, found=name, hint=hint(str(first["loc"][-1]), known), known=known
        )
    if name == "as_of":
        return InputError("bad_as_of", path=path, found=first["input"])
    return InputError("bad_setting", path=path, name=name, found=repr(first.get("input")), why=first["msg"])
