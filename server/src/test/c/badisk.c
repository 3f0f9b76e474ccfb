/*
 * A disk that fails on demand: LD_PRELOAD=badisk.so, and the file that BADISK names says how.
 *   sync   fsync and fdatasync fail with EIO, and nothing is synced
 *   full   writing into a database fails with ENOSPC
 *   ro     writing into a database fails with EROFS
 * Anything else, or no such file: all is well. Built and used by DiskIT: gcc -shared -fPIC -o badisk.so badisk.c -ldl
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>

static int failing(const char *how) {
  const char *path = getenv("BADISK");
  char text[16];
  int file = path ? syscall(SYS_openat, AT_FDCWD, path, O_RDONLY | O_CLOEXEC) : -1;
  if (file < 0) return 0;
  ssize_t length = syscall(SYS_read, file, text, sizeof text - 1);
  syscall(SYS_close, file);
  if (length < 0) length = 0;
  text[length] = 0;
  return strncmp(text, how, strlen(how)) == 0;
}

int fsync(int fd) {
  if (failing("sync")) return errno = EIO, -1;
  return syscall(SYS_fsync, fd);
}

int fdatasync(int fd) {
  if (failing("sync")) return errno = EIO, -1;
  return syscall(SYS_fdatasync, fd);
}

static int refused(void) {
  if (failing("full")) return errno = ENOSPC, 1;
  if (failing("ro")) return errno = EROFS, 1;
  return 0;
}

ssize_t pwrite(int fd, const void *bytes, size_t count, off_t offset) {
  if (refused()) return -1;
  return syscall(SYS_pwrite64, fd, bytes, count, offset);
}

ssize_t pwrite64(int fd, const void *bytes, size_t count, off64_t offset) {
  if (refused()) return -1;
  return syscall(SYS_pwrite64, fd, bytes, count, offset);
}
