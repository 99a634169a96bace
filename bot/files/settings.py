"""The settings of where the files of jobs are: in the data folder, or in a bucket (S3)."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import Field, SecretStr, field_validator
from pydantic_settings import BaseSettings

from bot.errors import SettingsError

if TYPE_CHECKING:
    from bot.files.bucket import Bucket

_BUCKET = re.compile(r"s3://(?P<bucket>[a-z0-9][a-z0-9.-]{1,61}[a-z0-9])(/(?P<prefix>[\w.\-/]*))?", re.ASCII)


class FilesSettings(BaseSettings):
    """`FILES_URL`, and the variables of AWS that are secret or may stand in `.env`; the others are read by the library,
    from the environment.
    """

    files_url: str = Field(default="", examples=["s3://bucket/prefix"])
    """A bucket for clips, recordings and videos, `s3://bucket` or `s3://bucket/prefix`, the same for every process;
    unless set, they are in the data folder. See docs/scaling.md
    """
    aws_access_key_id: str = ""
    """The id of the access key for the bucket; unless set, the bot uses the role of its machine or container at AWS"""
    aws_secret_access_key: SecretStr = SecretStr("")
    """The secret of that access key"""
    aws_secret_access_key_file: Path | None = None
    aws_session_token: SecretStr = SecretStr("")
    """The session token, for temporary access keys only"""
    aws_session_token_file: Path | None = None
    aws_region: str = Field(default="", examples=["eu-central-1"])
    """Where the bucket is; `us-east-1` unless set"""
    aws_endpoint_url: str = Field(default="", examples=["https://s3.example"])
    """A server elsewhere than at AWS that speaks like S3. `http://` is taken, for one in your own network"""

    @field_validator("files_url")
    @classmethod
    def _only_buckets(cls, value: str) -> str:
        if value and not _BUCKET.fullmatch(value):
            raise ValueError("is no bucket such as s3://bucket/prefix")
        return value

    def bucket(self) -> Bucket | None:
        """The bucket that `FILES_URL` names, None when it names none. `SettingsError` without the library for it,
        `DepotAway` without a setting.
        """
        where = _BUCKET.fullmatch(self.files_url)
        if where is None:
            return None
        try:
            from bot.files.bucket import open_bucket  # noqa: PLC0415 - only with the extra `s3` installed
        except ModuleNotFoundError as error:
            if not str(error.name).startswith("obstore"):
                raise
            raise SettingsError(
                problem="FILES_URL: a bucket needs a package that isn't installed: pip install obstore"
            ) from None
        given = {
            "access_key_id": self.aws_access_key_id,
            "secret_access_key": self.aws_secret_access_key.get_secret_value(),
            "session_token": self.aws_session_token.get_secret_value(),
            "region": self.aws_region,
            "endpoint": self.aws_endpoint_url,
        }
        return open_bucket(where["bucket"], (where["prefix"] or "").strip("/"), given)
