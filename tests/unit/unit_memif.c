/*
 * unit_memif - the end of a memif waits for the bursts that are under way, and may come before its beginning; a socket
 * file is told dead from served.
 */
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <rte_common.h>
#include <rte_eal.h>
#include <rte_interrupts.h>
#include <rte_rcu_qsbr.h>

#include "cmocka_all.h"
#include "memif_guard.h"
#include "memif_socket.h"
#include "must.h"

#define READERS	  2
#define LONG_US	  50000
#define DIRECTORY "/tmp/unit_memif"

static struct rte_rcu_qsbr *qsbr;
static atomic_bool has_ended;

/* As the driver does it, on another thread; EAL knows no such callback, which is all that comes of it. */
static void *unregister(void *argument)
{
	(void)argument;
	must(rte_intr_callback_unregister_pending(NULL, NULL, NULL, NULL) < 0);
	atomic_store(&has_ended, true);
	return NULL;
}

static pthread_t begin_to_unregister(void)
{
	pthread_t thread;

	atomic_store(&has_ended, false);
	must(pthread_create(&thread, NULL, unregister, NULL) == 0);
	usleep(LONG_US);
	return thread;
}

static bool end(pthread_t thread)
{
	must(pthread_join(thread, NULL) == 0);
	return atomic_load(&has_ended);
}

static void the_driver_finds_ours(void **state)
{
	(void)state;
	assert_true(memif_guard_is_in_place());
}

static void each_burst_that_is_under_way_is_waited_for(void **state)
{
	(void)state;
	memif_guard_begin(qsbr);
	for (unsigned i = 0; i < READERS; i++)
		rte_rcu_qsbr_thread_online(qsbr, i);
	pthread_t thread = begin_to_unregister();
	assert_false(atomic_load(&has_ended));
	for (unsigned i = 0; i < READERS; i++) {
		assert_false(atomic_load(&has_ended));
		rte_rcu_qsbr_quiescent(qsbr, i);
		usleep(i + 1 < READERS ? LONG_US : 0);
	}
	assert_true(end(thread));

	/* Workers that have stopped. */
	for (unsigned i = 0; i < READERS; i++)
		rte_rcu_qsbr_thread_offline(qsbr, i);
	assert_true(end(begin_to_unregister()));
	memif_guard_end();
}

static void nobody_is_waited_for_without_a_data_plane(void **state)
{
	(void)state;
	rte_rcu_qsbr_thread_online(qsbr, 0);
	memif_guard_begin(qsbr);
	memif_guard_end();
	assert_true(end(begin_to_unregister()));
	rte_rcu_qsbr_thread_offline(qsbr, 0);
}

/* What goes to somebody who has gone: sent, of a memif's socket; EPIPE of any other. */
static void a_greeting_that_nobody_takes_is_sent(void **state)
{
	char text[] = "hello", more[] = "again";
	struct iovec parts[] = {{text, sizeof(text)}, {more, sizeof(more)}};
	struct msghdr message = {.msg_iov = parts, .msg_iovlen = 2};
	static const int types[] = {SOCK_SEQPACKET, SOCK_STREAM};

	(void)state;
	for (uint32_t i = 0; i < RTE_DIM(types); i++) {
		int pair[2];
		must(socketpair(AF_UNIX, types[i], 0, pair) == 0);
		close(pair[1]);
		ssize_t sent = sendmsg(pair[0], &message, MSG_NOSIGNAL);
		if (types[i] == SOCK_SEQPACKET)
			assert_int_equal(sent, sizeof(text) + sizeof(more));
		else
			assert_true(sent == -1 && errno == EPIPE);
		close(pair[0]);
	}
	assert_true(sendmsg(-1, &message, 0) == -1 && errno == EBADF);
}

static int bind_to(const char *path, int type)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, type, 0);

	must(fd >= 0);
	snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	must(bind(fd, (struct sockaddr *)&address, sizeof(address)) == 0);
	return fd;
}

static void assert_look(enum memif_socket wanted, const char *device)
{
	char path[128] = "";

	assert_int_equal(memif_socket_look(path, sizeof(path), device), wanted);
	if (wanted != MEMIF_SOCKET_NONE)
		assert_non_null(strstr(device, path));
}

static void a_socket_file_is_dead_or_served(void **state)
{
	static const char dead[] = "net_memif0,role=server,socket-abstract=no,socket=" DIRECTORY "/dead,id=0";
	static const char served[] = "net_memif1,socket=" DIRECTORY "/served,socket-abstract=no,role=master";

	(void)state;
	must(system("rm -rf " DIRECTORY " && mkdir " DIRECTORY) == 0);
	assert_look(MEMIF_SOCKET_NONE, dead);
	close(bind_to(DIRECTORY "/dead", SOCK_SEQPACKET));
	assert_look(MEMIF_SOCKET_DEAD, dead);
	int fd = bind_to(DIRECTORY "/served", SOCK_SEQPACKET | SOCK_NONBLOCK),
	    stream = bind_to(DIRECTORY "/stream", SOCK_STREAM);
	assert_look(MEMIF_SOCKET_SERVED, served); /* it is about to listen */
	must(listen(fd, 1) == 0 && listen(stream, 1) == 0);
	for (int i = 0; i < 5; i++)
		assert_look(MEMIF_SOCKET_SERVED, served);
	assert_int_equal(accept4(fd, NULL, NULL, SOCK_NONBLOCK), -1); /* nobody has come */
	assert_look(MEMIF_SOCKET_SERVED, "net_memif0,role=server,socket-abstract=no,socket=" DIRECTORY "/stream");
	must(system("touch " DIRECTORY "/file; ln -s dead " DIRECTORY "/link") == 0);
	assert_look(MEMIF_SOCKET_OTHER, "net_memif0,role=server,socket-abstract=no,socket=" DIRECTORY "/file");
	assert_look(MEMIF_SOCKET_OTHER, "net_memif0,role=server,socket-abstract=no,socket=" DIRECTORY "/link");
	/* No server, no file, no memif. */
	assert_look(MEMIF_SOCKET_NONE, "net_memif0,role=client,socket-abstract=no,socket=" DIRECTORY "/dead");
	assert_look(MEMIF_SOCKET_NONE, "net_memif0,socket-abstract=no,socket=" DIRECTORY "/dead");
	assert_look(MEMIF_SOCKET_NONE, "net_memif0,role=server,socket=" DIRECTORY "/dead");
	assert_look(MEMIF_SOCKET_NONE, "net_tap0,role=server,socket-abstract=no,socket=" DIRECTORY "/dead");
	close(fd);
	close(stream);
	must(system("rm -rf " DIRECTORY) == 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_driver_finds_ours),
		cmocka_unit_test(each_burst_that_is_under_way_is_waited_for),
		cmocka_unit_test(nobody_is_waited_for_without_a_data_plane),
		cmocka_unit_test(a_greeting_that_nobody_takes_is_sent),
		cmocka_unit_test(a_socket_file_is_dead_or_served),
	};
	char *arguments[] = {"unit_memif", "--no-huge", "--no-pci", "--no-shconf", "--no-telemetry", "-m", "64", NULL};

	must(rte_eal_init(7, arguments) >= 0);
	qsbr = aligned_alloc(RTE_CACHE_LINE_SIZE,
			     RTE_ALIGN_CEIL(rte_rcu_qsbr_get_memsize(READERS), (size_t)RTE_CACHE_LINE_SIZE));
	must(qsbr && rte_rcu_qsbr_init(qsbr, READERS) == 0);
	for (unsigned i = 0; i < READERS; i++)
		must(rte_rcu_qsbr_thread_register(qsbr, i) == 0);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
