//! What alerts say of faults: found, missed, or raised for nothing.

use serde::{Deserialize, Serialize};

/// A fault that acts on a machine now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct OpenFault {
    pub fault: u32,
    pub occurrence: u32,
    /// The tick at which it began.
    pub since: u32,
    /// An alert was raised on the machine since then.
    pub detected: bool,
}

/// Process and sensor faults of one machine against its alerts.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Detection {
    pub detected: u32,
    /// Faults that ended undetected.
    pub missed: u32,
    pub false_alarms: u32,
    /// From the start of each detected fault to its alert, in hours.
    pub delay_h: f64,
    pub open: Vec<OpenFault>,
}

impl Detection {
    pub fn fault_starts(&mut self, fault: u32, occurrence: u32, since: u32) {
        self.open.push(OpenFault { fault, occurrence, since, detected: false });
    }

    pub fn fault_ends(&mut self, fault: u32, occurrence: u32) {
        let Some(place) = self.open.iter().position(|open| (open.fault, open.occurrence) == (fault, occurrence)) else {
            return;
        };
        self.missed += u32::from(!self.open.remove(place).detected);
    }

    /// An alert is raised so many hours after the start of the run: it speaks for every fault that acts on its machine
    /// now. Without one it is false, unless the true value itself is beyond the limit.
    pub fn alert(&mut self, now_h: f64, tick_h: f64, is_beyond: bool) {
        self.false_alarms += u32::from(self.open.is_empty() && !is_beyond);
        for open in self.open.iter_mut().filter(|open| !open.detected) {
            open.detected = true;
            self.detected += 1;
            self.delay_h += now_h - f64::from(open.since) * tick_h;
        }
    }

    /// Faults that went undetected, were the run to end now.
    pub fn missed_so_far(&self) -> u32 {
        self.missed + self.open.iter().filter(|open| !open.detected).count() as u32
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_alert_speaks_for_all_faults_that_act_and_for_each_once() {
        let mut detection = Detection::default();
        detection.alert(0.5, 0.25, false);
        detection.alert(0.5, 0.25, true);
        detection.fault_starts(0, 0, 4);
        detection.fault_starts(1, 0, 8);
        detection.alert(3.0, 0.25, false);
        detection.alert(4.0, 0.25, false);
        detection.fault_ends(0, 0);
        detection.fault_starts(0, 1, 20);
        detection.fault_starts(2, 0, 20);
        detection.fault_ends(2, 0);
        assert_eq!((detection.false_alarms, detection.detected, detection.missed), (1, 2, 1));
        // Starts at 1 h and 2 h, seen at 3 h.
        assert_eq!(detection.delay_h, 3.0);
        // Fault 0 acts again and was not seen yet; fault 1 was.
        assert_eq!(detection.missed_so_far(), 2);
    }
}
