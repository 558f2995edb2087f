#include "rpc_socket.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "log.h"

/* Result: false: nobody is there. A router whose queue of clients is full is there (EAGAIN). */
static bool somebody_answers(const struct sockaddr_un *address)
{
	int probe = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (probe < 0)
		return true;
	bool nobody = connect(probe, (const struct sockaddr *)address, sizeof(*address)) != 0 &&
		      (errno == ECONNREFUSED || errno == ENOENT);
	close(probe);
	return !nobody;
}

static enum status remove_dead_socket(const struct sockaddr_un *address, struct problem_list *problems)
{
	struct stat file;

	if (lstat(address->sun_path, &file) != 0)
		return STATUS_OK;
	if (!S_ISSOCK(file.st_mode)) {
		problem_add(problems, "%s exists and is no socket: remove it or choose another path with --socket",
			    address->sun_path);
		return STATUS_CONFLICT;
	}
	if (somebody_answers(address)) {
		problem_add(
			problems,
			"another amityd answers at %s: stop it (`amityctl stop`) or choose another path with --socket",
			address->sun_path);
		return STATUS_CONFLICT;
	}
	unlink(address->sun_path);
	return STATUS_OK;
}

static void make_parent_directory(const char *path)
{
	char parent[RPC_SOCKET_PATH_BYTES_MAX];
	char *slash;

	snprintf(parent, sizeof(parent), "%s", path);
	slash = strrchr(parent, '/');
	if (!slash || slash == parent)
		return;
	*slash = '\0';
	/* When it cannot be made, bind() says why. */
	if (mkdir(parent, 0755) != 0 && errno != EEXIST)
		log_event(LOG_LEVEL_DEBUG, "control_directory", "path=%s errno=%d", parent, errno);
}

enum status rpc_socket_open(struct rpc_socket *made, struct event_base *base, const char *path, unsigned mode,
			    evconnlistener_cb on_client, void *argument, struct problem_list *problems)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	struct stat file;

	if (strlen(path) >= sizeof(made->path)) {
		problem_add(problems,
			    "the socket path %s is longer than the %zu bytes that the system allows: choose a shorter "
			    "one with --socket",
			    path, sizeof(made->path) - 1);
		return STATUS_INVALID;
	}
	strcpy(made->path, path);
	strcpy(address.sun_path, path);
	make_parent_directory(path);
	enum status status = remove_dead_socket(&address, problems);
	if (status)
		return status;
	/* The file gets its mode when it is made: nobody slips in before a chmod. */
	mode_t before = umask(0777 & ~mode);
	made->listener =
		evconnlistener_new_bind(base, on_client, argument, LEV_OPT_CLOSE_ON_FREE | LEV_OPT_CLOSE_ON_EXEC, -1,
					(struct sockaddr *)&address, sizeof(address));
	int why = errno;
	umask(before);
	if (!made->listener) {
		problem_add(problems,
			    "cannot listen at %s: %s: its directory must exist and be writable; make it, or name "
			    "another socket with --socket",
			    path, strerror(why));
		return STATUS_IO;
	}
	if (stat(path, &file) == 0) {
		made->device = file.st_dev;
		made->inode = file.st_ino;
	}
	return STATUS_OK;
}

void rpc_socket_close(struct rpc_socket *opened)
{
	struct stat file;

	evconnlistener_free(opened->listener);
	if (stat(opened->path, &file) == 0 && file.st_dev == opened->device && file.st_ino == opened->inode)
		unlink(opened->path);
}
