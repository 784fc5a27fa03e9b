#pragma once
#include <libpq-fe.h>

// The fields of an error report. libpq defines them as character macros, which Swift does not
// import; a declaration each, no logic.
static const int DIAG_SEVERITY_NONLOCALIZED = PG_DIAG_SEVERITY_NONLOCALIZED;
static const int DIAG_SQLSTATE = PG_DIAG_SQLSTATE;
static const int DIAG_MESSAGE_PRIMARY = PG_DIAG_MESSAGE_PRIMARY;
static const int DIAG_MESSAGE_DETAIL = PG_DIAG_MESSAGE_DETAIL;
static const int DIAG_CONTEXT = PG_DIAG_CONTEXT;
static const int DIAG_CONSTRAINT_NAME = PG_DIAG_CONSTRAINT_NAME;
static const int DIAG_COLUMN_NAME = PG_DIAG_COLUMN_NAME;

// Three additions of glibc to posix_spawn that Swift's Glibc leaves out (it is built without
// _GNU_SOURCE). The private server is started with them.
#include <spawn.h>
int posix_spawn_file_actions_addclosefrom_np(posix_spawn_file_actions_t *actions, int from);
int posix_spawn_file_actions_addchdir_np(posix_spawn_file_actions_t *actions, const char *path);
static const int SPAWN_SETSID = 0x80;
