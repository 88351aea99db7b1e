/// A shell that completion can be written for.
public enum CompletionShell: String, CaseIterable, Sendable {
    /// GNU Bash.
    case bash
    /// Z shell.
    case zsh
    /// Friendly interactive shell.
    case fish
}

/// A script that completes commands, options and choices of `commands` in `shell`.
public func completionScript(for shell: CompletionShell, commands: [CommandDescription]) -> String {
    switch shell {
    case .bash: bashCompletion(commands)
    case .zsh:
        "#compdef millrace\nautoload -U +X bashcompinit && bashcompinit\n"
            + bashCompletion(commands)
    case .fish: fishCompletion(commands)
    }
}

private func bashCompletion(_ commands: [CommandDescription]) -> String {
    let names = commands.map(\.name).joined(separator: " ")
    var script = """
        _millrace() {
            local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]} options=
            if [ "$COMP_CWORD" -eq 1 ]; then
                COMPREPLY=($(compgen -W "\(names) --help --version" -- "$word"))
                return
            fi
            local verbs=
            if [ "$COMP_CWORD" -eq 2 ]; then
                case "${COMP_WORDS[1]}" in

        """
    for command in commands where !command.verbs.isEmpty {
        script +=
            "            \(command.name)) verbs=\"\(command.verbs.joined(separator: " "))\" ;;\n"
    }
    script += """
                esac
            fi
            case "${COMP_WORDS[1]} $before" in

        """
    for command in commands {
        for option in command.options {
            if case .choice(let words) = option.value {
                script += """
                        "\(command.name) --\(option.name)")
                            COMPREPLY=($(compgen -W "\(words.joined(separator: " "))" -- "$word"))
                            return ;;

                    """
            }
        }
    }
    script += "    esac\n    case \"${COMP_WORDS[1]}\" in\n"
    for command in commands {
        let options = (command.options.map(\.name) + ["help"]).map { "--\($0)" }
        script += "        \(command.name)) options=\"\(options.joined(separator: " "))\" ;;\n"
    }
    return script + """
            esac
            case "$word" in
                -*) COMPREPLY=($(compgen -W "$options" -- "$word")) ;;
                *) COMPREPLY=($(compgen -W "$verbs" -- "$word"; compgen -f -- "$word")) ;;
            esac
        }
        complete -F _millrace millrace

        """
}

private func fishCompletion(_ commands: [CommandDescription]) -> String {
    var script = ""
    for command in commands {
        script +=
            "complete -c millrace -n __fish_use_subcommand -f -a \(command.name) "
            + "-d \(quoted(command.summary))\n"
        if !command.verbs.isEmpty {
            script += "complete -c millrace -n '__fish_seen_subcommand_from \(command.name)' "
            script += "-a \(quoted(command.verbs.joined(separator: " ")))\n"
        }
        for option in command.options {
            script += "complete -c millrace -n '__fish_seen_subcommand_from \(command.name)' "
            script += "-l \(option.name) -d \(quoted(option.help))"
            switch option.value {
            case .none: script += ""
            case .one, .many: script += " -r"
            case .choice(let words): script += " -x -a \(quoted(words.joined(separator: " ")))"
            }
            script += "\n"
        }
    }
    return script
}

private func quoted(_ text: String) -> String {
    "'" + text.map { $0 == "'" ? "\\'" : String($0) }.joined() + "'"
}
