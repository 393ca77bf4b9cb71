//! Which file systems tell their watchers everything.

use std::path::Path;

/// Whether every change of files on the file system of `path` is made through this kernel, and so heard of.
///
/// Network and shared folders are changed by other machines, and file systems in user space by their servers. `None`:
/// there is no such path any more.
#[cfg(target_os = "linux")]
pub(super) fn hears_everything(path: &Path) -> Option<bool> {
    /// Magic numbers from Linux's `include/uapi/linux/magic.h`, and those of XFS, ZFS and bcachefs.
    const LOCAL: [u32; 12] = [
        0x0000_EF53, // ext2, ext3, ext4
        0x5846_5342, // XFS
        0x9123_683E, // Btrfs
        0x0102_1994, // tmpfs
        0x8584_58F6, // ramfs
        0x794C_7630, // overlayfs
        0xF2F5_2010, // F2FS
        0x2FC1_2FC1, // ZFS
        0xCA45_1A4E, // bcachefs
        0x3153_464A, // JFS
        0x5265_4973, // ReiserFS
        0x7371_7368, // SquashFS
    ];
    // The field's width and sign differ between architectures; the numbers are of 32 bits.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the numbers have 32 bits")]
    match rustix::fs::statfs(path) {
        Ok(stat) => Some(LOCAL.contains(&(stat.f_type as u32))),
        Err(rustix::io::Errno::NOENT | rustix::io::Errno::NOTDIR) => None,
        Err(_) => Some(false),
    }
}

/// As on Linux; no other system has a watcher here.
#[cfg(not(target_os = "linux"))]
pub(super) fn hears_everything(_: &Path) -> Option<bool> {
    Some(false)
}
