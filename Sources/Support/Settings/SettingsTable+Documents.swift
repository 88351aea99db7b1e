extension SettingsTable {
    /// All settings for a terminal: key, kind, default, and what it does.
    public func help() -> String {
        var text = ""
        for (section, settings) in grouped {
            if let section { text += "\(section.name): \(section.help)\n\n" }
            for setting in settings {
                text += "  \(setting.key)  (\(setting.typeName))\n"
                text += "      \(defaultSentence(setting, quote: ""))\n"
                text += wrapped(setting.help, indent: "      ")
            }
            if let section, section.isFreeForm {
                text += section.freeFormExample.split(
                    separator: "\n",
                    omittingEmptySubsequences: false
                )
                .map { $0.isEmpty ? "\n" : "    \($0)\n" }.joined()
            }
            text += "\n"
        }
        text += "Every setting can be given as an environment variable instead: log.listen is\n"
        text += "\(Self.environmentPrefix)LOG_LISTEN.\n"
        return text
    }

    /// A settings file in which every line shows a default and is commented out.
    public func exampleFile() -> String {
        var text = "# Settings. Every line shows the default, or an example; remove the # to change"
        text += " it.\n"
        for (section, settings) in grouped {
            if let section {
                text += "\n" + wrapped(section.help, indent: "# ") + "\(section.name):\n"
            }
            let indent = section == nil ? "" : "  "
            for setting in settings {
                let name = setting.key.split(separator: ".").last ?? ""
                let suffix = setting.isSecret ? Self.fileSuffix : ""
                if section == nil { text += "\n" }
                text += wrapped(setting.help, indent: "\(indent)# ")
                if let absent = setting.absent {
                    text += wrapped("Without it: \(absent).", indent: "\(indent)# ")
                }
                text += "\(indent)#\(name)\(suffix): \(setting.defaultText ?? setting.example)\n"
            }
            if let section, section.isFreeForm {
                text += section.freeFormExample.split(
                    separator: "\n",
                    omittingEmptySubsequences: false
                )
                .map(commented).joined()
            }
        }
        return text
    }

    /// A chapter in Markdown with everything about every setting.
    public func markdown(title: String, introduction: String) -> String {
        var text = "# \(title)\n\n" + wrapped(introduction, indent: "") + "\n"
        for (section, settings) in grouped {
            if let section { text += "## \(section.name)\n\n" + wrapped(section.help, indent: "") }
            if section == nil { text += "## Top level\n" }
            text += "\n"
            for setting in settings {
                text += "### `\(setting.key)`\n\n" + wrapped(setting.help, indent: "") + "\n"
                let restart = setting.needsRestart ? "at the next start" : "at once"
                text += "- kind: \(setting.typeName)\n"
                text += "- \(defaultSentence(setting, quote: "`"))\n"
                text += "- example: `\(setting.example)`\n"
                text += "- environment: `\(setting.environmentName)`\n"
                if setting.isSecret {
                    text += "- never in the file itself: `\(setting.key)_file` names a file"
                    text += " that holds it (environment: `\(setting.environmentName)_FILE`)\n"
                }
                text += "- takes effect: \(restart)\n\n"
            }
            if let section, section.isFreeForm {
                text += "```yaml\n\(section.name):\n"
                text += section.freeFormExample.split(
                    separator: "\n",
                    omittingEmptySubsequences: false
                )
                .map { $0.isEmpty ? "\n" : "  \($0)\n" }.joined()
                text += "```\n\n"
            }
        }
        while text.hasSuffix("\n\n") { text.removeLast() }
        return text
    }

    /// Settings by part: those without a part first, then the parts in order.
    private var grouped: [(section: Section?, settings: [SettingDescription])] {
        let bare = settings.filter { !$0.key.contains(".") }
        return (bare.isEmpty ? [] : [(nil, bare)])
            + sections.map { section in
                (section, settings.filter { $0.key.hasPrefix(section.name + ".") })
            }
    }

    /// A line of a free-form part, switched off behind its indentation.
    private func commented(_ line: Substring) -> String {
        let indent = line.prefix { $0 == " " }
        return line.isEmpty ? "\n" : "  \(indent)#\(line.dropFirst(indent.count))\n"
    }

    private func defaultSentence(_ setting: SettingDescription, quote: String) -> String {
        if let text = setting.defaultText { return "default: \(quote)\(text)\(quote)" }
        return "without it: \(setting.absent ?? "nothing")"
    }

    /// `text` in lines of at most 96 characters that begin with `indent`.
    private func wrapped(_ text: String, indent: String) -> String {
        var lines: [String] = []
        var line = ""
        for word in text.split(whereSeparator: { $0 == " " || $0 == "\n" }) {
            if !line.isEmpty, indent.count + line.count + 1 + word.count > 96 {
                lines.append(indent + line)
                line = ""
            }
            line += line.isEmpty ? String(word) : " \(word)"
        }
        if !line.isEmpty { lines.append(indent + line) }
        return lines.map { $0 + "\n" }.joined()
    }
}
