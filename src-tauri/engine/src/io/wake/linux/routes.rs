//! The kernel's default routes, for machines without NetworkManager.
//!
//! The kernel only rings; what the routes are is read from `/proc`, and only a change of the
//! default ones counts: a container that comes and goes is no other network.

use std::{collections::BTreeSet, fs, os::unix::net as std_net};

use rustix::{
    io::Errno,
    net::{AddressFamily, SocketFlags, SocketType, bind, netlink::SocketAddrNetlink, socket_with},
};
use tokio::{net::UnixDatagram, sync::mpsc};

use super::WakeSignal;

/// `RTMGRP_LINK`, `RTMGRP_IPV4_ROUTE` and `RTMGRP_IPV6_ROUTE` (rtnetlink(7)).
const GROUPS: u32 = 0x1 | 0x40 | 0x400;

/// Sends `NetworkUp` and `NetworkDown` as default routes come, change and go; ends when nobody
/// listens or the kernel does not tell.
pub(super) async fn watch(raw: mpsc::UnboundedSender<WakeSignal>) {
    let Some(bell) = bell() else {
        tracing::debug!("wake_without_routes");
        return;
    };
    let mut routes = default_routes();
    let mut message = [0_u8; 8192];
    loop {
        let heard = tokio::select! {
            heard = bell.recv(&mut message) => heard,
            () = raw.closed() => return,
        };
        match heard.map_err(|error| Errno::from_io_error(&error)) {
            // Too much rang at once: all the more reason to look.
            Ok(_) | Err(Some(Errno::NOBUFS)) => {}
            Err(_) => return,
        }
        let now = default_routes();
        if now != routes {
            let signal = if now.is_empty() {
                WakeSignal::NetworkDown
            } else {
                WakeSignal::NetworkUp
            };
            routes = now;
            if raw.send(signal).is_err() {
                return;
            }
        }
    }
}

/// A netlink socket. Tokio has no type for one, and a datagram socket is read like any other.
fn bell() -> Option<UnixDatagram> {
    let socket = socket_with(
        AddressFamily::NETLINK,
        SocketType::RAW,
        SocketFlags::CLOEXEC | SocketFlags::NONBLOCK,
        // NETLINK_ROUTE is protocol 0.
        None,
    )
    .ok()?;
    bind(&socket, &SocketAddrNetlink::new(0, GROUPS)).ok()?;
    UnixDatagram::from_std(std_net::UnixDatagram::from(socket)).ok()
}

pub(super) fn default_routes() -> BTreeSet<String> {
    let ipv4 = fs::read_to_string("/proc/net/route").unwrap_or_default();
    let ipv6 = fs::read_to_string("/proc/net/ipv6_route").unwrap_or_default();
    defaults(&ipv4, &ipv6)
}

/// Interface and gateway of each default route.
fn defaults(ipv4: &str, ipv6: &str) -> BTreeSet<String> {
    let ipv4 = ipv4.lines().skip(1).filter_map(|line| {
        let fields: Vec<&str> = line.split_whitespace().collect();
        match fields.as_slice() {
            // Interface, destination, gateway, flags, …, mask.
            [name, "00000000", gateway, _, _, _, _, "00000000", ..] => {
                Some(format!("{name} {gateway}"))
            }
            _ => None,
        }
    });
    let ipv6 = ipv6.lines().filter_map(|line| {
        let fields: Vec<&str> = line.split_whitespace().collect();
        match fields.as_slice() {
            // Destination, its length, source, its length, gateway, metric, uses, uses, flags,
            // interface. The loopback's entry is the kernel's own "unreachable".
            [target, "00", _, _, gateway, _, _, _, _, name]
                if *name != "lo" && target.bytes().all(|digit| digit == b'0') =>
            {
                Some(format!("{name} {gateway}"))
            }
            _ => None,
        }
    });
    ipv4.chain(ipv6).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_default_routes_count() {
        let ipv4 = "Iface\tDestination\tGateway\tFlags\tRefCnt\tUse\tMetric\tMask\tMTU\tWindow\tIRTT\n\
            wlan0\t00000000\t0101A8C0\t0003\t0\t0\t600\t00000000\t0\t0\t0\n\
            docker0\t000011AC\t00000000\t0001\t0\t0\t0\t0000FFFF\t0\t0\t0\n";
        let zero = "0".repeat(32);
        let ipv6 = format!(
            "{zero} 00 {zero} 00 {zero} ffffffff 00000001 00000000 00200200       lo\n\
             {zero} 00 {zero} 00 fe80000000000000000000000000000a 00000258 00000001 00000000 00450003    wlan0\n"
        );
        let found: Vec<String> = defaults(ipv4, &ipv6).into_iter().collect();
        assert_eq!(
            found,
            ["wlan0 0101A8C0", "wlan0 fe80000000000000000000000000000a"]
        );
    }
}
