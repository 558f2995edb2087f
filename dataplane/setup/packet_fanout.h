/*
 * packet_fanout.h - IPv4 fragments come to the lcores as they are.
 *
 * The af_packet driver joins its sockets in a fanout group that asks the kernel to reassemble IPv4
 * (PACKET_FANOUT_FLAG_DEFRAG), and has no option against it. What the kernel reassembles does not fit: the driver
 * counts a frame's length in 16 bits, and a datagram of 65,507 bytes is a frame of 65,549; one of 61 KB already needs
 * ring frames and mbufs of 60 KB each. So this folder has a setsockopt() of its own, which takes the flag out and hands
 * everything else to the kernel; the executable's comes before libc's also for the driver.
 */
#ifndef AMITY_PACKET_FANOUT_H
#define AMITY_PACKET_FANOUT_H

#include <stdbool.h>

/* Does the kernel reassemble for that packet socket? False also when it is in no group. Thread: any. */
bool packet_fanout_reassembles(int fd);

#endif
