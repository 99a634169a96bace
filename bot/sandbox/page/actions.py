"""What one person does in the simulated Discord: types a command, presses a button, fills in a form, writes."""

from __future__ import annotations

import secrets
from collections.abc import Awaitable, Mapping
from typing import Any

from simcord.actors import MemberActor
from simcord.backend.errors import BackendError, OptionError, SetupError
from simcord.builders import ChannelHandle, RoleHandle
from simcord.enums import ComponentType, OptionType
from simcord.env import Env
from simcord.interactions import command_leaves
from simcord.results import InteractionResult, ResponseMessage

Json = dict[str, Any]
File = tuple[str, bytes]
MOST_FORMS = 20  # that are open at once; the oldest are forgotten


class CannotDo(Exception):
    """Discord's own client would not let the person do this; the text says why."""


class Actions:
    """Does things as people of one server. `people` by their keys in the page."""

    def __init__(self, env: Env, people: Mapping[str, MemberActor]) -> None:
        self._env = env
        self._people = people
        self._forms: dict[str, InteractionResult] = {}

    async def act(self, person: MemberActor, act: Json, files: Mapping[str, File]) -> Json:
        """Do what `act` says, with the files that came along by the names of their options; what the page has to open
        then: `{"form": …}`, `{"choices": …}` or nothing. Raises `CannotDo`.
        """
        try:
            return await self._done(person, act, files)
        except (OptionError, BackendError) as error:
            text = error.message if isinstance(error, BackendError) else str(error)
            raise CannotDo(f"Discord refused that: {text.removeprefix('Invalid Form Body: ')}.") from None
        except (SetupError, KeyError, TypeError, ValueError):
            raise CannotDo("That can't be done any more: what you chose has changed or is gone.") from None

    async def _done(self, person: MemberActor, act: Json, files: Mapping[str, File]) -> Json:
        channel = self._channel(person, int(act["channel"]))
        if act["kind"] == "choices":
            given = {name: value for name, value in act["given"].items() if name != act["option"]}
            options = self._options(person, channel, act["command"], given, {})
            found = await person.autocomplete(channel, act["command"], act["option"], act["typed"], **options)
            return {"choices": found}
        return await self._settled(person, self._doing(person, channel, act, files))

    def _doing(
        self, person: MemberActor, channel: ChannelHandle, act: Json, files: Mapping[str, File]
    ) -> Awaitable[object]:
        match act["kind"]:
            case "send":
                return person.send(channel, act["text"], attachments=list(files.values()))
            case "command":
                options = self._options(person, channel, act["command"], act["given"], files)
                return person.slash(channel, act["command"], **options)
            case "menu":
                return person.context_menu(channel, act["command"], self._message(act, channel))
            case "press":
                return person.click(self._message(act, channel), custom_id=act["custom_id"])
            case "select":
                values = [self._entity(act["type"], value) for value in act["values"]]
                return person.select(self._message(act, channel), values, custom_id=act["custom_id"])
            case "form":
                filled = {**act["values"], **{name: [file] for name, file in files.items()}}
                return person.submit_modal(self._forms.pop(act["form"]), filled)
        raise CannotDo(f"“{act['kind']}” is unknown here.")

    async def _settled(self, person: MemberActor, doing: Awaitable[object]) -> Json:
        """Wait until the bot has answered; the form that it opened, if it did."""
        try:
            done = await doing
        except TimeoutError:  # the bot is busy with other things, too; what was done counts
            newest = max(self._env.backend.interactions.values(), key=lambda found: found.id, default=None)
            mine = newest is not None and newest.user_id == person.id
            done = InteractionResult(self._env, newest) if newest is not None and mine else None
        if not isinstance(done, InteractionResult) or done.modal is None:
            return {}
        handle = secrets.token_hex(8)
        self._forms[handle] = done
        for oldest in list(self._forms)[:-MOST_FORMS]:
            del self._forms[oldest]
        return {"form": {"handle": handle, **done.modal}}

    def _channel(self, person: MemberActor, channel_id: int) -> ChannelHandle:
        return ChannelHandle(self._env, person.guild, self._env.backend.get_channel(channel_id))

    def _message(self, act: Json, channel: ChannelHandle) -> ResponseMessage:
        return ResponseMessage(self._env, self._env.backend.get_message(channel.id, int(act["message"])))

    def _options(
        self, person: MemberActor, channel: ChannelHandle, command: str, given: Json, files: Mapping[str, File]
    ) -> Json:
        visible = self._env.backend.visible_commands(user_id=person.id, channel_id=channel.id)
        leaves = {" ".join(path): leaf for root in visible for path, leaf in command_leaves(root)}
        if command not in leaves:
            raise CannotDo(f"You can't use /{command} here.")
        kinds = {option["name"]: OptionType(option["type"]) for option in leaves[command].get("options") or []}
        return {**{name: self._value(kinds[name], value) for name, value in given.items()}, **files}

    def _value(self, kind: OptionType, typed: Any) -> Any:
        match kind:
            case OptionType.INTEGER:
                return int(typed)
            case OptionType.NUMBER:
                return float(typed)
            case OptionType.BOOLEAN:
                return typed in {True, "true"}
            case OptionType.USER | OptionType.ROLE | OptionType.CHANNEL | OptionType.MENTIONABLE:
                return self._handle(int(typed))
        return typed

    def _entity(self, kind: int, value: str) -> Any:
        return value if kind == ComponentType.STRING_SELECT else self._handle(int(value))

    def _handle(self, found_id: int) -> MemberActor | RoleHandle | ChannelHandle:
        """The person, role or channel of that id."""
        anybody = next(iter(self._people.values()))
        known: list[MemberActor | RoleHandle] = [*self._people.values(), *anybody.guild.roles.values()]
        found = next((one for one in known if one.id == found_id), None)
        return found or self._channel(anybody, found_id)
