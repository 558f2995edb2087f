#include "memif_guard.h"

#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <rte_interrupts.h>
#include <rte_rcu_qsbr.h>

#define FUNCTION "rte_intr_callback_unregister_pending"
#define WAIT_US	 20

typedef int (*unregister_fn)(const struct rte_intr_handle *handle, rte_intr_callback_fn callback, void *argument,
			     rte_intr_unregister_callback_fn after);

/* The driver hands nothing through that would lead to the data plane. Held while the interrupt thread waits. */
static pthread_mutex_t guard_lock = PTHREAD_MUTEX_INITIALIZER;
static struct rte_rcu_qsbr *guard_qsbr;

static void set(struct rte_rcu_qsbr *qsbr)
{
	pthread_mutex_lock(&guard_lock);
	guard_qsbr = qsbr;
	pthread_mutex_unlock(&guard_lock);
}

void memif_guard_begin(struct rte_rcu_qsbr *qsbr)
{
	set(qsbr);
}

void memif_guard_end(void)
{
	set(NULL);
}

static unregister_fn find(void *from)
{
	void *found = dlsym(from, FUNCTION);
	unregister_fn function;

	memcpy(&function, &found, sizeof(function));
	return function;
}

bool memif_guard_is_in_place(void)
{
	return find(RTLD_DEFAULT) == rte_intr_callback_unregister_pending;
}

/* Workers that do not run are offline: nobody waits for them. */
static void wait_for_bursts(void)
{
	pthread_mutex_lock(&guard_lock);
	if (guard_qsbr) {
		uint64_t token = rte_rcu_qsbr_start(guard_qsbr);
		while (rte_rcu_qsbr_check(guard_qsbr, token, false) != 1)
			usleep(WAIT_US);
	}
	pthread_mutex_unlock(&guard_lock);
}

static bool is_of_memif(int fd)
{
	int type = 0;

	return getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &(socklen_t){sizeof(type)}) == 0 && type == SOCK_SEQPACKET;
}

ssize_t sendmsg(int fd, const struct msghdr *message, int flags)
{
	ssize_t sent = syscall(SYS_sendmsg, fd, message, flags);

	if (sent >= 0 || errno != EPIPE)
		return sent;
	bool is_lost = is_of_memif(fd);
	errno = EPIPE;
	if (!is_lost)
		return sent;
	sent = 0;
	for (size_t i = 0; i < message->msg_iovlen; i++)
		sent += (ssize_t)message->msg_iov[i].iov_len;
	return sent;
}

int rte_intr_callback_unregister_pending(const struct rte_intr_handle *handle, rte_intr_callback_fn callback,
					 void *argument, rte_intr_unregister_callback_fn after)
{
	wait_for_bursts();
	return find(RTLD_NEXT)(handle, callback, argument, after);
}
