//! Operations on an Engine.IO session, each done to a naive model of it as well.

mod model;
mod operation;
mod run;

pub use operation::Scenario;
use run::Run;

/// Reads bytes as operations on a session, see [`run_scenario`].
pub fn engineio_session(data: &[u8]) {
    run_scenario(&Scenario::decode(data));
}

/// Does one operation after the other to a session and to its model: they
/// answer the same, and everything that can be seen is the same after each.
///
/// Beside that, whatever the model says: of what was accepted everything
/// leaves once, in order, or comes back; the session ends once; every charge
/// comes back.
pub fn run_scenario(scenario: &Scenario) {
    let _told = Told(scenario);
    let mut run = Run::new(scenario);
    for operation in &scenario.operations {
        run.step(operation);
        run.compare();
    }
    run.finish();
}

/// Tells what was done when something is wrong.
struct Told<'a>(&'a Scenario);

impl Drop for Told<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("{:#?}", self.0);
        }
    }
}
