/*
 * kernel_interface.h - what setup asks the kernel about a network interface, and the flags it puts back.
 */
#ifndef AMITY_KERNEL_INTERFACE_H
#define AMITY_KERNEL_INTERFACE_H

#include "setup.h"

/* How packets come in: by queues that also send ("combined"), or by queues that only receive. */
struct kernel_interface_queues {
	uint32_t combined;
	uint32_t receive_only;
};

/* Is it an Ethernet interface, and may we open packet sockets? Result: NOT_FOUND, INVALID, ENVIRONMENT. */
enum status kernel_interface_check(struct setup *setup, const char *name) AMITY_CHECKED;

/* 0: there is no such interface. */
uint16_t kernel_interface_mtu(const char *name);

/* IFF_ flags; 0: there is no such interface. */
short kernel_interface_flags(const char *name);

/* An interface that does not say has one queue for both directions. */
struct kernel_interface_queues kernel_interface_queues(const char *name);

/* DPDK turns an interface's promiscuous mode off when it starts a port; that is the operator's to decide. */
void kernel_interface_restore_promiscuous(const char *name, short flags_before);

#endif
