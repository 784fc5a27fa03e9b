// The chart of a bench: horizontal bars, one group per scenario, as SVG text. Pure.

/// A bar chart.
package struct Chart {
    /// One bar.
    package struct Bar: Sendable, Equatable {
        /// Who.
        package var label: String
        /// Its length.
        package var seconds: Double
        /// Drawn in the colour of the product.
        package var isOurs: Bool

        /// Memberwise.
        package init(label: String, seconds: Double, isOurs: Bool) {
            self.label = label
            self.seconds = seconds
            self.isOurs = isOurs
        }
    }

    /// Bars under one heading; they share the chart's scale.
    package struct Group: Sendable, Equatable {
        /// The heading.
        package var title: String
        /// From top to bottom.
        package var bars: [Bar]

        /// Memberwise.
        package init(title: String, bars: [Bar]) {
            self.title = title
            self.bars = bars
        }
    }

    /// The first line.
    package var title: String
    /// What the figures are.
    package var subtitle: String
    /// From top to bottom.
    package var groups: [Group]

    /// Memberwise.
    package init(title: String, subtitle: String, groups: [Group]) {
        self.title = title
        self.subtitle = subtitle
        self.groups = groups
    }

    private static let width = 760
    private static let left = 170
    /// Room for the figure behind the longest bar.
    private static let right = 90
    private static let barHeight = 20
    private static let barGap = 6
    private static let groupGap = 40
    private static let top = 84

    /// The longest bar, in seconds; at least a little, so that nothing is divided by 0.
    private var longest: Double {
        max(groups.flatMap(\.bars).map(\.seconds).max() ?? 0, 0.001)
    }

    private var height: Int {
        let bars = groups.reduce(0) { $0 + $1.bars.count * (Self.barHeight + Self.barGap) }
        return Self.top + bars + groups.count * Self.groupGap + 36
    }

    /// The chart as an SVG document.
    ///
    /// Its colours follow the reader's background, light or dark, by a media query; the page's own
    /// background shows through.
    package func svg() -> String {
        var lines = [
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 \(Self.width) \(height)\""
                + " width=\"\(Self.width)\" height=\"\(height)\" role=\"img\">",
            "<title>\(Self.escaped(title))</title>",
            Self.style,
            "<text class=\"title\" x=\"16\" y=\"30\">\(Self.escaped(title))</text>",
            "<text class=\"note\" x=\"16\" y=\"52\">\(Self.escaped(subtitle))</text>",
        ]
        lines += grid()
        var y = Self.top
        for group in groups {
            lines.append(
                "<text class=\"group\" x=\"16\" y=\"\(y + 12)\">\(Self.escaped(group.title))</text>"
            )
            y += 24
            for bar in group.bars {
                lines += draw(bar, at: y)
                y += Self.barHeight + Self.barGap
            }
            y += Self.groupGap - 24
        }
        lines.append("</svg>")
        return lines.joined(separator: "\n") + "\n"
    }

    private func draw(_ bar: Bar, at y: Int) -> [String] {
        let room = Double(Self.width - Self.left - Self.right)
        let length = Statistics.text(max(bar.seconds, 0) / longest * room, decimals: 1)
        let end = Double(Self.left) + max(bar.seconds, 0) / longest * room
        let middle = y + Self.barHeight - 5
        return [
            "<text class=\"label\" x=\"\(Self.left - 10)\" y=\"\(middle)\">"
                + "\(Self.escaped(bar.label))</text>",
            "<rect class=\"\(bar.isOurs ? "ours" : "peer")\" x=\"\(Self.left)\" y=\"\(y)\""
                + " width=\"\(length)\" height=\"\(Self.barHeight)\" rx=\"2\"/>",
            "<text class=\"figure\" x=\"\(Statistics.text(end + 6, decimals: 1))\""
                + " y=\"\(middle)\">\(Statistics.seconds(bar.seconds))</text>",
        ]
    }

    /// Lines at round numbers of seconds, with their figures under the chart.
    private func grid() -> [String] {
        let room = Double(Self.width - Self.left - Self.right)
        let step = Self.step(longest)
        var lines: [String] = []
        var value = 0.0
        while value <= longest {
            let x = Statistics.text(Double(Self.left) + value / longest * room, decimals: 1)
            lines.append(
                "<line class=\"grid\" x1=\"\(x)\" x2=\"\(x)\" y1=\"\(Self.top - 10)\""
                    + " y2=\"\(height - 30)\"/>")
            let decimals = step < 0.1 ? 2 : step < 1 ? 1 : 0
            lines.append(
                "<text class=\"tick\" x=\"\(x)\" y=\"\(height - 14)\">"
                    + "\(Statistics.text(value, decimals: decimals)) s</text>")
            value += step
        }
        return lines
    }

    /// A round distance that gives three to seven lines: 1, 2 or 5 times a power of ten.
    package static func step(_ longest: Double) -> Double {
        var power = 0.001
        while power * 10 < longest { power *= 10 }
        for factor in [0.5, 1, 2, 5] where longest / (power * factor) <= 7 {
            return power * factor
        }
        return power * 10
    }

    private static let style = """
        <style>
        text { font-family: system-ui, "Helvetica Neue", Arial, sans-serif; fill: #24292f; }
        .title { font-size: 18px; font-weight: 600; }
        .note, .tick { font-size: 12px; fill: #57606a; }
        .tick { text-anchor: middle; }
        .group { font-size: 14px; font-weight: 600; }
        .label { font-size: 13px; text-anchor: end; }
        .figure { font-size: 13px; font-variant-numeric: tabular-nums; }
        .ours { fill: #0969da; }
        .peer { fill: #8c959f; }
        .grid { stroke: #d0d7de; stroke-width: 1; }
        @media (prefers-color-scheme: dark) {
          text { fill: #e6edf3; }
          .note, .tick { fill: #9198a1; }
          .ours { fill: #4493f8; }
          .peer { fill: #6e7681; }
          .grid { stroke: #30363d; }
        }
        </style>
        """

    /// Text that cannot be mistaken for markup.
    package static func escaped(_ text: String) -> String {
        var result = ""
        for character in text {
            switch character {
            case "&": result += "&amp;"
            case "<": result += "&lt;"
            case ">": result += "&gt;"
            case "\"": result += "&quot;"
            default: result.append(character)
            }
        }
        return result
    }
}
