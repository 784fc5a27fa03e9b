// "Did you mean": the nearest of a few known words.

/// The candidate with the fewest single-character edits from a word.
///
/// - Returns: nil when every candidate is further away than a third of the word's length, or
///   the word is too long to be a typing error. Of equally near candidates the first.
public func nearest(_ word: String, among candidates: [String]) -> String? {
    let letters = Array(word)
    guard letters.count <= SettingsLimits.comparedCharactersMax else { return nil }
    var best: (candidate: String, distance: Int)?
    for candidate in candidates where candidate.count <= SettingsLimits.comparedCharactersMax {
        let distance = editDistance(letters, Array(candidate))
        guard distance * 3 <= letters.count, distance < best?.distance ?? .max else { continue }
        best = (candidate, distance)
    }
    return best?.candidate
}

/// Levenshtein's distance: insertions, deletions and replacements between two words.
private func editDistance(_ left: [Character], _ right: [Character]) -> Int {
    var previous = Array(0...right.count)
    for (row, letter) in left.enumerated() {
        var current = [row + 1]
        for (column, other) in right.enumerated() {
            let replaced = previous[column] + (letter == other ? 0 : 1)
            current.append(min(replaced, previous[column + 1] + 1, current[column] + 1))
        }
        previous = current
    }
    return previous[right.count]
}
