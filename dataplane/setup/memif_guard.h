/*
 * memif_guard.h - the other end of a memif may go away at any time: what DPDK 22.11 does then is made to be safe.
 *
 * When the control channel of a net_memif port breaks, DPDK's interrupt thread says that the port is not connected and
 * then unmaps the rings and buffers (drivers/net/memif/rte_eth_memif.c, memif_disconnect() of DPDK 22.11), whoever is
 * in them: a burst that began before reads memory that is gone. Between the two it calls
 * rte_intr_callback_unregister_pending(). So this folder has one of its own, which first waits until each worker has
 * ended its burst; the executable's comes before EAL's also for the driver.
 *
 * A server whose new client has gone before it is greeted closes the connection, but leaves it with the interrupt
 * thread (memif_socket.c, memif_listener_handler()), which then ends the process: "PANIC in eal_intr_thread_main()".
 * For a sequenced-packet socket, which nothing else here has, the sendmsg() of this folder says that a greeting which
 * nobody takes (EPIPE) was sent: that the other end has gone is read next, and handled as it should be.
 *
 * Thread: control. One data plane at a time, as with DPDK itself.
 */
#ifndef AMITY_MEMIF_GUARD_H
#define AMITY_MEMIF_GUARD_H

#include <stdbool.h>

struct rte_rcu_qsbr;

/* From now on the workers that report to `qsbr` are waited for; until memif_guard_end(). */
void memif_guard_begin(struct rte_rcu_qsbr *qsbr);
void memif_guard_end(void);

/* Does the driver come to ours? False: the link took it away, and a peer that goes can end the process. Thread: any. */
bool memif_guard_is_in_place(void);

#endif
