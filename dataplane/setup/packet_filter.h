/*
 * packet_filter.h - lets the kernel hand an af_packet port nothing but UDP to our SIP port, and ICMP errors for UDP
 * from it (unreachable_read.h).
 *
 * Without it each frame of the interface (ssh, TCP, what the kernel itself sends) is copied into the ring and dropped
 * by an lcore.
 */
#ifndef AMITY_PACKET_FILTER_H
#define AMITY_PACKET_FILTER_H

#include <stdint.h>

/*
 * Attaches the filter to this process' af_packet sockets on the kernel interface: the driver keeps them to itself.
 *
 * Fragments of UDP pass, whatever their port, which only the first one tells; so does IPv6 with extension headers.
 * Result: sockets that have the filter now.
 */
uint32_t packet_filter_attach(uint32_t kernel_interface_index, uint16_t sip_port);

#endif
