"""`/lipsync-admin`: what moderators decide."""

from __future__ import annotations

from discord import app_commands

from bot.app.client import Mouthpiece
from cogs.admin.access import AccessGroup
from cogs.admin.access import panels as access_panels
from cogs.admin.jobs import COMMANDS as JOB_COMMANDS
from cogs.admin.jobs import panels as job_panels
from cogs.admin.keys import Key, KeyForm
from cogs.admin.limits_form import LimitsForm
from cogs.admin.log_and_approval import COMMANDS as POLICY_COMMANDS
from cogs.admin.quota import Quota
from cogs.admin.setup import panels as setup_panels
from cogs.admin.setup import setup_screen


@app_commands.guild_only()
@app_commands.allowed_installs(guilds=True, users=False)
@app_commands.default_permissions(manage_guild=True)
class Admin(app_commands.Group):
    """Everything for moderators."""

    def __init__(self, client: Mouthpiece) -> None:
        super().__init__(name="lipsync-admin", description="Set up lip-sync for this server")
        self.add_command(Key(client.services.keys))
        self.add_command(Quota(client.services.server_rules))
        self.add_command(AccessGroup(client.services.server_rules))
        for command in (setup_screen, *POLICY_COMMANDS, *JOB_COMMANDS):
            self.add_command(command)


def setup(client: Mouthpiece) -> None:
    """Add the commands, listen for what is used on their panels, and take what is sent with their forms."""
    client.tree.add_command(Admin(client))
    client.services.forms.add(KeyForm, LimitsForm)
    for panel in (*setup_panels(), *access_panels(), *job_panels()):
        client.add_view(panel)
