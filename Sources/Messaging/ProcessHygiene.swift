// What a process does before it holds a secret or listens on a network.

import CLinux
import Glibc

/// Keeps secrets in this process, and descriptors enough.
public enum ProcessHygiene {
    /// No core dump of this process and its children, and no debugger of the same user.
    ///
    /// A core file would hold the secret keys that libzmq keeps, and the passwords of libpq. A
    /// child that is another program may be looked into again.
    public static func harden() {
        var none = rlimit(rlim_cur: 0, rlim_max: 0)
        // Lowering a limit and giving up a right are always allowed.
        let core = unsafe setrlimit(__rlimit_resource_t(RLIMIT_CORE.rawValue), &none)
        let dumpable = kugiri_set_dumpable(0)
        precondition(core == 0 && dumpable == 0, "the system keeps core dumps on")
    }

    /// Whether this process is hardened.
    public static var isHardened: Bool {
        var limit = rlimit()
        return unsafe getrlimit(__rlimit_resource_t(RLIMIT_CORE.rawValue), &limit) == 0
            && limit.rlim_cur == 0 && kugiri_get_dumpable() == 0
    }

    /// Raises the soft limit of open files to what a listener on a network wants, or as far as
    /// the hard limit allows.
    static func raiseOpenFiles() {
        var limit = rlimit()
        guard unsafe getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else {
            return
        }
        let wanted = min(limit.rlim_max, MessagingLimits.openFilesWanted)
        guard limit.rlim_cur < wanted else { return }
        limit.rlim_cur = wanted
        _ = unsafe setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
    }
}
