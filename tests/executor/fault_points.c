/* Preloaded into a process: counts the calls that change files below one folder, and lets the n-th be the last.
 *
 * fault_arm(folder, n, mode): 1 kills before the call, 2 after it, 3 after half of a write, 4 lets it fail with EIO,
 * 5 lets a user save before the call (fault_save names the file; 6: as editors do that write another file and rename
 * it), 0 only counts. fault_count() returns how many calls were counted since. Nothing is counted before fault_arm.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>

static char top[PATH_MAX], mine[PATH_MAX];
static long counted, wanted;
static int mode, saved_it;

void fault_save(const char *file) { snprintf(mine, sizeof mine, "%s", file); }

int fault_saved(void) { return saved_it; }

void fault_arm(const char *folder, long n, int how) {
    snprintf(top, sizeof top, "%s", folder);
    counted = 0, wanted = n, mode = how, saved_it = 0;
}

long fault_count(void) { return counted; }

static void die(void) { kill(getpid(), SIGKILL); }

static int below(int folder, const char *path) {
    char full[PATH_MAX] = "";
    if (!top[0] || !path) return 0;
    if (path[0] != '/') {
        char name[64];
        ssize_t got = -1;
        if (folder == AT_FDCWD) return getcwd(full, sizeof full) && !strncmp(full, top, strlen(top));
        snprintf(name, sizeof name, "/proc/self/fd/%d", folder);
        got = readlink(name, full, sizeof full - 2);
        if (got <= 0) return 0;
        full[got] = '/'; /* so that the folder itself counts as below */
        return !strncmp(full, top, strlen(top));
    }
    return !strncmp(path, top, strlen(top));
}

static int open_below(int file) {
    char name[64], full[PATH_MAX] = "";
    if (!top[0]) return 0;
    snprintf(name, sizeof name, "/proc/self/fd/%d", file);
    return readlink(name, full, sizeof full - 1) > 0 && !strncmp(full, top, strlen(top));
}

/* By system calls, so that it is neither counted nor met by a fault. */
static void save(void) {
    char beside[PATH_MAX + 2];
    int file;
    snprintf(beside, sizeof beside, "%s%s", mine, mode == 6 ? "~" : "");
    file = syscall(SYS_openat, AT_FDCWD, beside, O_WRONLY | O_CREAT | O_TRUNC, 0644);
    if (file < 0) return;
    saved_it = syscall(SYS_write, file, "mine\n", 5) == 5;
    syscall(SYS_close, file);
    if (mode == 6) saved_it = syscall(SYS_renameat2, AT_FDCWD, beside, AT_FDCWD, mine, 0) == 0;
}

/* 1: this is the n-th call, and it is to fail. */
static int before(int touches) {
    if (!touches) return 0;
    counted++;
    if (counted == wanted && mode == 1) die();
    if (counted == wanted && mode > 4) save();
    return counted == wanted && mode == 4;
}

static void after(int touches) {
    if (touches && counted == wanted && (mode == 2 || mode == 3)) die();
}

/* Looked up once, before main: a look-up takes the loader's lock, which a fork or a vfork may leave taken. */
#define FIND(name)                                             \
    static __typeof__(&name) real_##name;                      \
    __attribute__((constructor)) static void find_##name(void) { real_##name = dlsym(RTLD_NEXT, #name); }

/* Another library's constructor may come before ours. */
#define REAL(name) (real_##name ? real_##name : (__typeof__(&name))dlsym(RTLD_NEXT, #name))

#define FAULT(type, name, parameters, arguments, touches)      \
    FIND(name)                                                 \
    type name parameters {                                     \
        int hit = (touches), saved;                            \
        type result;                                           \
        if (before(hit)) { errno = EIO; return -1; }           \
        result = REAL(name) arguments;                         \
        saved = errno;                                         \
        after(hit);                                            \
        errno = saved;                                         \
        return result;                                         \
    }

#define WRITES(flags) ((flags) & (O_WRONLY | O_RDWR | O_CREAT | O_TRUNC))

#define OPEN(name)                                                                     \
    FIND(name)                                                                         \
    int name(const char *path, int flags, ...) {                                       \
        int hit = WRITES(flags) && below(AT_FDCWD, path), result, saved;               \
        va_list rest; va_start(rest, flags);                                           \
        mode_t access = flags & (O_CREAT | O_TMPFILE) ? va_arg(rest, mode_t) : 0;      \
        va_end(rest);                                                                  \
        if (before(hit)) { errno = EIO; return -1; }                                   \
        result = REAL(name)(path, flags, access);                                      \
        saved = errno; after(hit); errno = saved;                                      \
        return result;                                                                 \
    }

#define OPENAT(name)                                                                   \
    FIND(name)                                                                         \
    int name(int folder, const char *path, int flags, ...) {                           \
        int hit = WRITES(flags) && below(folder, path), result, saved;                 \
        va_list rest; va_start(rest, flags);                                           \
        mode_t access = flags & (O_CREAT | O_TMPFILE) ? va_arg(rest, mode_t) : 0;      \
        va_end(rest);                                                                  \
        if (before(hit)) { errno = EIO; return -1; }                                   \
        result = REAL(name)(folder, path, flags, access);                              \
        saved = errno; after(hit); errno = saved;                                      \
        return result;                                                                 \
    }

OPEN(open)
OPEN(open64)
OPENAT(openat)
OPENAT(openat64)

FIND(write)

ssize_t write(int file, const void *bytes, size_t size) {
    int hit = open_below(file), saved;
    ssize_t result;
    if (before(hit)) { errno = EIO; return -1; }
    if (hit && counted == wanted && mode == 3) size /= 2;
    result = REAL(write)(file, bytes, size);
    saved = errno; after(hit); errno = saved;
    return result;
}

FAULT(ssize_t, pwrite, (int f, const void *b, size_t n, off_t o), (f, b, n, o), open_below(f))
FAULT(ssize_t, pwrite64, (int f, const void *b, size_t n, off64_t o), (f, b, n, o), open_below(f))
FAULT(ssize_t, sendfile, (int o, int i, off_t *at, size_t n), (o, i, at, n), open_below(o))
FAULT(ssize_t, sendfile64, (int o, int i, off64_t *at, size_t n), (o, i, at, n), open_below(o))
FAULT(int, creat, (const char *p, mode_t m), (p, m), below(AT_FDCWD, p))
FAULT(int, rename, (const char *a, const char *b), (a, b), below(AT_FDCWD, a) || below(AT_FDCWD, b))
FAULT(int, renameat, (int c, const char *a, int d, const char *b), (c, a, d, b), below(c, a) || below(d, b))
FAULT(int, renameat2, (int c, const char *a, int d, const char *b, unsigned f), (c, a, d, b, f),
      below(c, a) || below(d, b))
FAULT(int, link, (const char *a, const char *b), (a, b), below(AT_FDCWD, b))
FAULT(int, linkat, (int c, const char *a, int d, const char *b, int f), (c, a, d, b, f), below(d, b))
FAULT(int, symlink, (const char *a, const char *b), (a, b), below(AT_FDCWD, b))
FAULT(int, symlinkat, (const char *a, int d, const char *b), (a, d, b), below(d, b))
FAULT(int, unlink, (const char *p), (p), below(AT_FDCWD, p))
FAULT(int, unlinkat, (int d, const char *p, int f), (d, p, f), below(d, p))
FAULT(int, mkdir, (const char *p, mode_t m), (p, m), below(AT_FDCWD, p))
FAULT(int, mkdirat, (int d, const char *p, mode_t m), (d, p, m), below(d, p))
FAULT(int, rmdir, (const char *p), (p), below(AT_FDCWD, p))
FAULT(int, fsync, (int f), (f), open_below(f))
FAULT(int, ftruncate, (int f, off_t n), (f, n), open_below(f))
FAULT(int, ftruncate64, (int f, off64_t n), (f, n), open_below(f))
FAULT(int, chmod, (const char *p, mode_t m), (p, m), below(AT_FDCWD, p))
FAULT(int, fchmod, (int f, mode_t m), (f, m), open_below(f))
FAULT(int, fchmodat, (int d, const char *p, mode_t m, int f), (d, p, m, f), below(d, p))
