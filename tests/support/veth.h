/*
 * veth.h - a router's network namespace and a peer's, joined by a veth pair, for tests that need a kernel. Ends with
 * the process.
 *
 *   this process: veth0 10.93.0.1/24 fd93::1/64   <->   veth1 10.93.0.2/24 fd93::2/64 :the peer's namespace
 */
#ifndef AMITY_TEST_VETH_H
#define AMITY_TEST_VETH_H

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

struct veth {
	pid_t peer; /* a process that does nothing but hold the peer's namespace */
	int own_namespace, peer_namespace;
};

/* Result: exit status of the shell command. */
__attribute__((format(printf, 1, 2))) static inline int veth_run(const char *format, ...)
{
	char command[512];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(command, sizeof(command), format, arguments);
	va_end(arguments);
	int status = system(command);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* A socket that lives in the peer's namespace. */
static inline int veth_peer_socket(const struct veth *veth, int family, int type, int protocol)
{
	if (setns(veth->peer_namespace, CLONE_NEWNET) != 0)
		return -1;
	int fd = socket(family, type, protocol);
	if (setns(veth->own_namespace, CLONE_NEWNET) != 0)
		abort();
	return fd;
}

/* Runs a command in the peer's namespace. */
#define VETH_PEER_RUN(veth, command) veth_run("nsenter -t %d -n %s", (int)(veth)->peer, (command))

static inline bool veth_set_up(struct veth *veth)
{
	char path[64];
	int ready[2];
	char byte;

	if (unshare(CLONE_NEWNET) != 0 || pipe(ready) != 0)
		return false;
	veth->peer = fork();
	if (veth->peer == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (unshare(CLONE_NEWNET) == 0 && write(ready[1], "x", 1) == 1)
			pause();
		_exit(1);
	}
	close(ready[1]);
	if (read(ready[0], &byte, 1) != 1)
		return false;
	close(ready[0]);
	veth->own_namespace = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	snprintf(path, sizeof(path), "/proc/%d/ns/net", (int)veth->peer);
	veth->peer_namespace = open(path, O_RDONLY | O_CLOEXEC);
	return veth_run("ip link set lo up && ip link add veth0 type veth peer name veth1 netns %d", (int)veth->peer) ==
		       0 &&
	       veth_run("ip addr add 10.93.0.1/24 dev veth0 && ip addr add fd93::1/64 dev veth0 nodad && ip link set "
			"veth0 up") == 0 &&
	       VETH_PEER_RUN(veth, "ip addr add 10.93.0.2/24 dev veth1") == 0 &&
	       VETH_PEER_RUN(veth, "ip addr add fd93::2/64 dev veth1 nodad") == 0 &&
	       VETH_PEER_RUN(veth, "ip link set veth1 up") == 0 && VETH_PEER_RUN(veth, "ip link set lo up") == 0;
}

static inline void veth_tear_down(struct veth *veth)
{
	kill(veth->peer, SIGKILL);
	waitpid(veth->peer, NULL, 0);
	close(veth->own_namespace);
	close(veth->peer_namespace);
}

#endif
