#include "cdr_file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FILE_MODE 0640 /* who called whom is nobody's business; a group may collect it */

struct cdr_file {
	int descriptor;
	bool torn; /* the file ends within a line: a newline goes first */
	struct cdr_file_counts counts;
	size_t used;
	char path[PATH_MAX];
	char buffer[CDR_FILE_BUFFER_BYTES];
};

static enum status fail(const char *path, int why, char error[CDR_FILE_ERROR_BYTES])
{
	const char *advice = why == ENOENT || why == ENOTDIR   ? ": make its directory, or name another file"
			     : why == EACCES || why == EPERM   ? ": let the router's user write there"
			     : why == EISDIR || why == ENOTSUP ? ": name a file, not a directory or device"
			     : why == ENOSPC || why == EDQUOT  ? ": make room"
							       : "";

	snprintf(error, CDR_FILE_ERROR_BYTES, "cannot add call records to %.300s: %s%s", path,
		 why == ENOTSUP ? "not a regular file" : strerror(why), advice);
	return STATUS_IO;
}

/* A line that a crash, or another program, left open is ended by a newline of ours. */
static bool ends_within_line(int descriptor, off_t size)
{
	char last = '\n';
	return size > 0 && pread(descriptor, &last, 1, size - 1) == 1 && last != '\n';
}

/* Result: descriptor, or -1 with errno. */
static int open_path(const char *path, bool *torn)
{
	struct stat found;
	/* O_NONBLOCK: a FIFO that nobody reads must not stop the router; it is refused below. */
	int descriptor = open(path, O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY | O_NONBLOCK, FILE_MODE);

	if (descriptor < 0)
		return -1;
	if (fstat(descriptor, &found) != 0 || !S_ISREG(found.st_mode)) {
		close(descriptor);
		errno = ENOTSUP;
		return -1;
	}
	*torn = ends_within_line(descriptor, found.st_size);
	return descriptor;
}

enum status cdr_file_open(struct cdr_file **file, const char *path, char error[CDR_FILE_ERROR_BYTES])
{
	struct cdr_file *made = calloc(1, sizeof(*made));

	if (!made) {
		snprintf(error, CDR_FILE_ERROR_BYTES, "out of memory for call records");
		return STATUS_NO_MEMORY;
	}
	snprintf(made->path, sizeof(made->path), "%s", path);
	made->descriptor = open_path(made->path, &made->torn);
	if (made->descriptor < 0) {
		int why = errno;
		free(made);
		return fail(path, why, error);
	}
	*file = made;
	return STATUS_OK;
}

enum status cdr_file_check(const char *path, char error[CDR_FILE_ERROR_BYTES])
{
	char directory[PATH_MAX];
	struct stat found;
	const char *slash = strrchr(path, '/');

	if (stat(path, &found) == 0) {
		if (!S_ISREG(found.st_mode))
			return fail(path, ENOTSUP, error);
		return access(path, R_OK | W_OK) == 0 ? STATUS_OK : fail(path, errno, error);
	}
	if (errno != ENOENT)
		return fail(path, errno, error);
	snprintf(directory, sizeof(directory), "%.*s", slash ? (int)(slash - path) + 1 : 1, slash ? path : ".");
	return access(directory, W_OK | X_OK) == 0 ? STATUS_OK : fail(path, errno, error);
}

bool cdr_file_add(struct cdr_file *file, struct span line)
{
	if (line.length > sizeof(file->buffer) - file->used) {
		file->counts.lost++;
		return false;
	}
	memcpy(file->buffer + file->used, line.at, line.length);
	file->used += line.length;
	file->counts.waiting++;
	return true;
}

static void take_written(struct cdr_file *file, size_t bytes)
{
	uint64_t lines = 0;

	for (size_t i = 0; i < bytes; i++)
		lines += file->buffer[i] == '\n';
	file->counts.written += lines;
	file->counts.waiting -= lines;
	file->used -= bytes;
	memmove(file->buffer, file->buffer + bytes, file->used);
}

static size_t whole_lines(const char *text, size_t length)
{
	const char *end = memrchr(text, '\n', length);
	return end ? (size_t)(end + 1 - text) : 0;
}

/* A part of a line was written: off with it, unless others have written behind it. */
static void take_back(struct cdr_file *file, size_t part)
{
	struct stat now;
	off_t end = lseek(file->descriptor, 0, SEEK_CUR);

	file->torn = end < (off_t)part || fstat(file->descriptor, &now) != 0 || now.st_size != end ||
		     ftruncate(file->descriptor, end - (off_t)part) != 0;
}

static bool end_torn_line(struct cdr_file *file)
{
	if (file->torn && write(file->descriptor, "\n", 1) == 1)
		file->torn = false;
	return !file->torn;
}

/* Result: false with errno when something is left. */
static bool write_all(struct cdr_file *file)
{
	while (file->used > 0) {
		if (!end_torn_line(file))
			return false;
		ssize_t written = write(file->descriptor, file->buffer, file->used);
		if (written < 0 && errno == EINTR)
			continue;
		if (written < 0)
			return false;
		size_t whole = whole_lines(file->buffer, (size_t)written);
		if ((size_t)written > whole)
			take_back(file, (size_t)written - whole);
		take_written(file, whole);
		if (whole == 0) {
			/* Less than a line fits: writing on would say so, or not end. */
			errno = ENOSPC;
			return false;
		}
	}
	return true;
}

static bool is_removed(const struct cdr_file *file)
{
	struct stat now;
	return fstat(file->descriptor, &now) == 0 && now.st_nlink == 0;
}

/* Result: false with errno. */
static bool change_file(struct cdr_file *file)
{
	bool torn;
	int descriptor = open_path(file->path, &torn);

	if (descriptor < 0)
		return false;
	close(file->descriptor);
	file->descriptor = descriptor;
	file->torn = torn;
	return true;
}

enum status cdr_file_flush(struct cdr_file *file, char error[CDR_FILE_ERROR_BYTES])
{
	if (file->used == 0)
		return STATUS_OK;
	if (is_removed(file) && !change_file(file))
		return fail(file->path, errno, error);
	return write_all(file) ? STATUS_OK : fail(file->path, errno, error);
}

enum status cdr_file_reopen(struct cdr_file *file, char error[CDR_FILE_ERROR_BYTES])
{
	/* Best of all into the file that they were taken for; else into the next. */
	if (!is_removed(file))
		(void)!write_all(file);
	return change_file(file) ? STATUS_OK : fail(file->path, errno, error);
}

size_t cdr_file_waiting_bytes(const struct cdr_file *file)
{
	return file->used;
}

struct cdr_file_counts cdr_file_counts(const struct cdr_file *file)
{
	return file->counts;
}

void cdr_file_close(struct cdr_file *file)
{
	if (!file)
		return;
	close(file->descriptor);
	free(file);
}
