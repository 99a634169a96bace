"""The settings of the database, which are all that looking after it needs: no token, no network."""

from __future__ import annotations

from pathlib import Path
from stat import S_ISDIR
from typing import Any, TypeVar
from urllib.parse import unquote, urlsplit

from pydantic import Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from bot.app.database.master_key import kept_master_key
from bot.errors import SettingsError
from bot.words.admin.mistakes import mistaken
from bot.words.admin.operator import NEEDS_MASTER_KEYS
from storage.engine.encryption import MasterKeys
from storage.engine.sqlite_file import count_keys

SettingsKind = TypeVar("SettingsKind", bound=BaseSettings)


class DatabaseSettings(BaseSettings):
    """Every field is an environment variable of the same name in capitals; each secret can also come as `…_FILE`."""

    model_config = SettingsConfigDict(
        env_file=".env", env_ignore_empty=True, extra="ignore", frozen=True, hide_input_in_errors=True
    )

    database_path: Path = Path("data/mouthpiece.db")
    """Where everything is kept: a file, and the folder in which it lies. It needs a backup: the jobs are in it, and the
    servers' encrypted provider keys
    """
    database_url: SecretStr = Field(default=SecretStr(""), examples=["postgresql://user:password@host/database"])
    """PostgreSQL 15 or newer in the place of SQLite's file; the other files stay beside `DATABASE_PATH`. Needs
    `MASTER_KEYS`, and clocks that are at most 2 s apart. `python -m bot move-database` moves there what is in the file
    """
    database_url_file: Path | None = None
    master_keys: SecretStr | None = None
    """What encrypts the provider keys: `id:base64` of 32 bytes each (`openssl rand -base64 32`), separated by commas;
    the first one seals. Unless set, one is made on the first start, and kept as `master.key` beside the database; keep
    a copy of that file elsewhere
    """
    master_keys_file: Path | None = None

    @model_validator(mode="before")
    @classmethod
    def _read_secret_files(cls, values: dict[str, Any]) -> dict[str, Any]:
        for name in [field.removesuffix("_file") for field in cls.model_fields if field.endswith("_file")]:
            file = values.get(f"{name}_file")
            if file and not values.get(name):
                try:
                    values[name] = Path(file).read_text(encoding="utf-8").strip()
                except (OSError, UnicodeDecodeError) as error:
                    raise SettingsError(problem=f"{name.upper()}_FILE: {file}: {type(error).__name__}") from None
        return values

    @field_validator("database_path")
    @classmethod
    def _within_reach(cls, value: Path) -> Path:
        try:
            is_folder = S_ISDIR(value.stat().st_mode)
        except FileNotFoundError:
            return value  # it is made
        except OSError as error:
            raise ValueError(f"{value} can't be used: {error.strerror}") from None
        if is_folder:
            raise ValueError(f"{value} is a folder; name a file in it")
        return value

    @field_validator("database_url")
    @classmethod
    def _only_postgres(cls, value: SecretStr) -> SecretStr:
        if value and urlsplit(value.get_secret_value()).scheme not in {"postgresql", "postgres"}:
            raise ValueError("is no address such as postgresql://user:password@host/database")
        return value

    @field_validator("master_keys")
    @classmethod
    def _parse_master_keys(cls, value: SecretStr | None) -> SecretStr | None:
        if value:
            MasterKeys.parse(value.get_secret_value())
        return value

    @property
    def database_setting(self) -> str:
        """The name of the setting that says where the database is."""
        return "DATABASE_URL" if self.database_url else "DATABASE_PATH"

    @property
    def data_folder(self) -> Path:
        """Where everything lives that must survive a restart."""
        return self.database_path.parent

    @property
    def kept_master_key(self) -> Path:
        """Where the master key is kept without MASTER_KEYS and DATABASE_URL."""
        return self.data_folder / "master.key"

    @property
    def makes_master_key(self) -> bool:
        """Whether `master` is to make one: there is none yet, and nothing needs an earlier one."""
        is_kept = not (self.master_keys or self.database_url)
        return is_kept and not self.kept_master_key.exists() and not count_keys(self.database_path)

    @property
    def secrets(self) -> list[str]:
        """What no log may show; some of them may be empty."""
        keys, url = (
            self.master_keys.get_secret_value() if self.master_keys else "",
            self.database_url.get_secret_value(),
        )
        password = urlsplit(url).password or ""
        return [keys, url, password, unquote(password)]

    def master(self, *, anew: bool = False) -> MasterKeys:
        """The master keys; without MASTER_KEYS, one is made on the first start and kept beside the database's file.
        `anew`, one is made there also where the keys in the database were saved with another, which is gone.
        """
        if self.master_keys:
            return MasterKeys.parse(self.master_keys.get_secret_value())
        if self.database_url:
            raise SettingsError(problem=NEEDS_MASTER_KEYS)
        return kept_master_key(self.kept_master_key, self.database_path, anew=anew)


def read_as(kind: type[SettingsKind], **given: Any) -> SettingsKind:
    """Read settings from the environment and `.env`; `SettingsError` holds one line per mistake and never a value."""
    try:
        return kind(**given)
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(problem=f".env: can't be read: {getattr(error, 'strerror', 'it is not UTF-8')}") from None
    except ValidationError as error:
        lines = []
        for mistake in error.errors(include_input=False, include_url=False):
            name = str(mistake["loc"][0]).upper()  # of an entry inside of one, too
            said = mistake["msg"].removeprefix("Value error, ")
            lines.append(f"{name}: {mistaken(name, mistake['type'], mistake.get('ctx', {})) or said}")
        raise SettingsError(problem="\n".join(lines)) from None
