// What a job says about its contract, checked against the contract: fields and identities exist.

public import Records

/// Something in a job that its contract does not know.
public struct JobFault: Error, Sendable, Equatable, CustomStringConvertible {
    /// Where in `partitions.yaml`, for example `jobs.debit-result.target.columns.last_amount`.
    public var path: String
    /// What is wrong and what was expected.
    public var message: String
    /// What was probably meant; nil: nothing known is near enough.
    public var suggestion: String?

    /// Memberwise.
    public init(path: String, message: String, suggestion: String? = nil) {
        self.path = path
        self.message = message
        self.suggestion = suggestion
    }

    /// The fault in one line, the suggestion at its end.
    public var description: String {
        "\(path): \(message)" + (suggestion.map { "; did you mean '\($0)'?" } ?? "")
    }
}

/// Everything a job says that its contract does not know; empty: they fit.
///
/// Rules within the job alone are checked when it is read.
public func faults(job: Job, contract: Contract) -> [JobFault] {
    let path = "jobs.\(job.name)"
    var found: [JobFault] = []
    if job.contract != contract.name {
        found.append(
            JobFault(
                path: "\(path).contract",
                message: "the job names '\(job.contract)', the contract is '\(contract.name)'"))
    }
    for pair in job.target.key {
        found += fieldFaults(pair.field, contract, path: "\(path).target.key.\(pair.column)")
    }
    if found.isEmpty, job.target.absent == nil {
        found += targetKeyFaults(job, contract, path: "\(path).target.key")
    }
    for mapping in job.target.columns {
        let columnPath = "\(path).target.columns.\(mapping.column)"
        switch mapping.source {
        case .field(let field):
            found += fieldFaults(field, contract, path: columnPath)
        case .sql(let text):
            found += expressionFaults(text, contract, path: columnPath)
        case .constant, .null, .parameter, .before: break
        }
    }
    found += absentFaults(job, contract, path: "\(path).target.absent")
    let settings: [String] = contract.identity.compactMap { identity in
        guard case .setting(let name) = identity.expectation else { return nil }
        return name
    }
    for name in job.identity.keys.sorted() where !settings.contains(name) {
        found.append(
            JobFault(
                path: "\(path).identity.\(name)",
                message: "the contract checks no identity '\(name)'; it checks: "
                    + settings.joined(separator: ", "),
                suggestion: nearest(name, among: settings)))
    }
    let hasDates = contract.recordTypes.contains { type in
        type.fields.contains { $0.type == .monthDay && $0.resolve != nil }
    }
    if hasDates, job.parameters["business_date"] != .date {
        found.append(
            JobFault(
                path: "\(path).parameters",
                message: "the contract's dates have no year; add the parameter"
                    + " 'business_date: date', which gives it"))
    }
    return found
}

/// The names of a record type's fields that hold a value.
private func names(_ contract: Contract, _ role: RecordType.Role) -> [String] {
    (contract.recordType(role)?.fields ?? []).filter { $0.type != .filler }.map(\.name)
}

/// Records for one row must meet in one chunk, and chunks are ranges of the partition key
/// (PROTOCOL 2).
private func targetKeyFaults(_ job: Job, _ contract: Contract, path: String) -> [JobFault] {
    let key = contract.partitionKey
    guard !job.target.key.contains(where: { $0.field == key }) else { return [] }
    return [
        JobFault(
            path: path,
            message: "the contract's partition key '\(key)' is not in it, so that two partitions"
                + " could have records for one row; add it, or take a contract whose partition key"
                + " is in the target's key")
    ]
}

/// Closing what the input lacks goes by ranges of the partition key (PROTOCOL 26).
private func absentFaults(_ job: Job, _ contract: Contract, path: String) -> [JobFault] {
    guard job.target.absent != nil else { return [] }
    let key = contract.partitionKey
    guard job.target.key.contains(where: { $0.field == key }) else {
        return [
            JobFault(
                path: path,
                message: "the contract's partition key '\(key)' is not in the target's key, so that"
                    + " the rows of a key range cannot be told")
        ]
    }
    let type = contract.recordType(.data)?.field(key)?.type
    guard type != .digits, type != .text else { return [] }
    return [
        JobFault(
            path: path,
            message: "the contract's partition key '\(key)' is neither digits nor text, so that the"
                + " rows of a key range cannot be told")
    ]
}

private func fieldFaults(_ field: String, _ contract: Contract, path: String) -> [JobFault] {
    let known = names(contract, .data) + names(contract, .header).map { "header.\($0)" }
    guard !known.contains(field) else { return [] }
    let inHeader = known.contains("header.\(field)") ? "header.\(field)" : nil
    return [
        JobFault(
            path: path, message: "the contract has no field '\(field)'",
            suggestion: inHeader ?? nearest(field, among: known))
    ]
}

private func expressionFaults(_ text: String, _ contract: Contract, path: String) -> [JobFault] {
    let expression: SQLExpression
    do { expression = try SQLExpression(text) } catch {
        return [JobFault(path: path, message: error.message)]
    }
    let known = names(contract, .data)
    return expression.newFields.filter { !known.contains($0) }.map { name in
        JobFault(
            path: path,
            message: "the expression reads new.\(name), which is no field of the data record",
            suggestion: nearest(name, among: known).map { "new.\($0)" })
    }
}
