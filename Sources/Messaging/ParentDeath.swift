// A worker that ends with its coordinator (PROTOCOL 38).

import CLinux
import Glibc

/// Ending with the parent process.
public enum ParentDeath {
    /// Makes the kernel end this process with SIGKILL as soon as its parent is gone.
    ///
    /// SIGKILL, because a worker in the middle of a statement reads no other signal, and any
    /// instruction is a safe one to stop at. The kernel watches the parent's *thread* that
    /// started this process: start children from a thread that lives as long as the process.
    ///
    /// - Parameter parent: The process that started this one, as it said itself.
    /// - Returns: false when the parent is already gone; the caller ends at once.
    public static func follow(parent: Int32) -> Bool {
        let answer = kugiri_set_parent_death_signal(SIGKILL)
        precondition(answer == 0, "the kernel knows no parent-death signal")
        // Only now: a parent that went before the call above sends no signal.
        return getppid() == parent
    }
}
