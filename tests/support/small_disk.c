#include "small_disk.h"

#include <sched.h>
#include <stdio.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

#define NOT_MOUNTED 99
#define DIED	    98

int small_disk_run(const char *directory, const char *options, int (*run)(void))
{
	/* Nothing is to be written twice. */
	fflush(NULL);
	pid_t child = fork();
	if (child == 0) {
		if (unshare(CLONE_NEWNS) != 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0 ||
		    mount("tmpfs", directory, "tmpfs", 0, options) != 0)
			_exit(NOT_MOUNTED);
		_exit(run());
	}
	int status = 0;
	waitpid(child, &status, 0);
	return WIFEXITED(status) ? WEXITSTATUS(status) : DIED;
}
