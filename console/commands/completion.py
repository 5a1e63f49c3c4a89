"""`stagedoor completion`: the script that completes commands in a shell."""

import click
from click.shell_completion import get_completion_class

from console.commands.output import wants_json


@click.command("completion")
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@click.pass_context
def command(context: click.Context, shell: str) -> None:
    """Print the script that completes `stagedoor` in SHELL.

    \b
    Examples:
      stagedoor completion bash > ~/.local/share/bash-completion/completions/stagedoor
      stagedoor completion zsh > ~/.zfunc/_stagedoor
      stagedoor completion fish > ~/.config/fish/completions/stagedoor.fish
    """
    kind = get_completion_class(shell)
    assert kind is not None
    template = kind(context.find_root().command, {}, "stagedoor", "_STAGEDOOR_COMPLETE")
    script = template.source_template % template.source_vars()
    if wants_json():
        from console.commands.output import answer

        answer({"shell": shell, "script": script})
    else:
        print(script)
