/*
 * forbidden.h - what code on an lcore cannot name.
 *
 * Force-included into every file of dataplane/sip, directory, state and stages. The headers that declare the poisoned
 * names come first, so that libraries' own inline functions still compile; after this file the names do not (STYLE.md
 * house rule 2). tests/guards/lcore_symbols.py checks the same on the objects, where a macro cannot hide it.
 */
#ifndef AMITY_FORBIDDEN_H
#define AMITY_FORBIDDEN_H

#include <assert.h>
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/types.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>
#include <netinet/in.h>
#include <arpa/inet.h>
#if defined(__x86_64__)
#include <immintrin.h>
#endif
#if __has_include(<rte_eal.h>)
#include <rte_common.h>
#include <rte_cycles.h>
#include <rte_eal.h>
#include <rte_errno.h>
#include <rte_ethdev.h>
#include <rte_hash.h>
#include <rte_ip.h>
#include <rte_launch.h>
#include <rte_lcore.h>
#include <rte_log.h>
#include <rte_malloc.h>
#include <rte_mbuf.h>
#include <rte_mempool.h>
#include <rte_rcu_qsbr.h>
#include <rte_ring.h>
#include <rte_ring_elem.h>
#include <rte_udp.h>
#endif
#if __has_include(<hs/hs.h>)
#include <hs/hs.h>
#endif
#if __has_include(<pcre2.h>) && defined(PCRE2_CODE_UNIT_WIDTH)
#include <pcre2.h>
#endif
#include <openssl/evp.h>
#include <openssl/md5.h>
#include <openssl/sha.h>
#include <sodium.h>

/* gcc leaves calls of what only does that out (prefetch.h). */
#include "prefetch.h"

#pragma GCC poison __builtin_prefetch
#pragma GCC poison malloc calloc realloc free strdup strndup asprintf posix_memalign aligned_alloc
#pragma GCC poison rte_malloc rte_zmalloc rte_calloc rte_realloc rte_free
#pragma GCC poison pthread_mutex_lock pthread_mutex_trylock pthread_rwlock_rdlock pthread_rwlock_wrlock                \
	pthread_cond_wait
#pragma GCC poison printf fprintf vprintf vfprintf puts fputs fopen fwrite syslog rte_log
#pragma GCC poison time gettimeofday clock_gettime clock nanosleep usleep sleep
#pragma GCC poison socket send sendto sendmsg recv recvfrom recvmsg open close ioctl
#pragma GCC poison abort exit

#endif
