// What Glibc's Swift module lacks: declarations, and wrappers for what Swift cannot call.
#include <signal.h>
#include <spawn.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <unistd.h>

// prctl is variadic.
static inline int kugiri_set_parent_death_signal(int signal) {
    return prctl(PR_SET_PDEATHSIG, signal);
}

static inline int kugiri_get_parent_death_signal(int *signal) {
    return prctl(PR_GET_PDEATHSIG, signal);
}

static inline int kugiri_set_dumpable(int dumpable) {
    return prctl(PR_SET_DUMPABLE, dumpable, 0, 0, 0);
}

static inline int kugiri_get_dumpable(void) { return prctl(PR_GET_DUMPABLE, 0, 0, 0, 0); }

// A global variable of pointers, which Swift 6 does not let anyone read.
static inline char **kugiri_environment(void) { return __environ; }

// Of glibc 2.34; its header hides it from Swift.
extern int posix_spawn_file_actions_addclosefrom_np(posix_spawn_file_actions_t *actions, int from);

// Of Linux since 2.6.17; fcntl.h hides it from Swift.
extern int sync_file_range(int file, long long offset, long long count, unsigned int flags);

// Begins to write a range of a file to disk and does not wait for it.
static inline int kugiri_begin_writeback(int file, long long offset, long long count) {
    return sync_file_range(file, offset, count, 2 /* SYNC_FILE_RANGE_WRITE */);
}
