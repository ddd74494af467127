//! The one thread that decodes: requests of any adapter join the running batch between two steps and leave when done.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, TryRecvError, channel};
use std::thread;

use engine::{Batch, Finish, Model, Request, SequenceId};
use tokio::sync::mpsc::UnboundedSender;

/// What becomes of a request, token by token.
#[derive(Debug)]
pub enum Progress {
    /// The next token of the answer (never a stop token).
    Token(u32),
    /// The answer is complete.
    Done(Finish),
    /// The engine refused it.
    Refused(engine::Error),
}

struct Job {
    request: Request,
    progress: UnboundedSender<Progress>,
}

/// A handle to the decoding thread; the thread ends when the last handle is dropped and its work is done.
#[derive(Clone)]
pub struct Scheduler {
    jobs: Sender<Job>,
}

/// The decoding thread is gone.
#[derive(Debug, thiserror::Error)]
#[error("the decoding thread has ended; restart the host")]
pub struct Gone;

impl Scheduler {
    /// Starts the thread over a base. At most `width` sequences are decoded at once, others wait.
    pub fn start(model: Arc<Model>, width: usize) -> std::io::Result<Self> {
        let (jobs, queue) = channel();
        thread::Builder::new().name("decode".into()).spawn(move || run(Batch::new(model), &queue, width.max(1)))?;
        Ok(Self { jobs })
    }

    /// Queues a request; its progress arrives at `progress`. If the receiver is dropped, the sequence is retired.
    pub fn submit(&self, request: Request, progress: UnboundedSender<Progress>) -> Result<(), Gone> {
        self.jobs.send(Job { request, progress }).map_err(|_| Gone)
    }
}

fn run(mut batch: Batch, queue: &Receiver<Job>, width: usize) {
    let mut listeners: HashMap<SequenceId, UnboundedSender<Progress>> = HashMap::new();
    loop {
        while batch.len() < width {
            let job = if batch.is_empty() {
                match queue.recv() {
                    Ok(job) => job,
                    Err(_) => return,
                }
            } else {
                match queue.try_recv() {
                    Ok(job) => job,
                    Err(TryRecvError::Empty | TryRecvError::Disconnected) => break,
                }
            };
            match batch.admit(job.request) {
                Ok(id) => {
                    listeners.insert(id, job.progress);
                }
                // A receiver that is gone needs no answer.
                Err(error) => drop(job.progress.send(Progress::Refused(error))),
            }
        }
        for emitted in batch.step() {
            let Some(listener) = listeners.get(&emitted.id) else { continue };
            let is_text = emitted.finish != Some(Finish::Stop);
            let heard = !is_text || listener.send(Progress::Token(emitted.token)).is_ok();
            match emitted.finish {
                Some(finish) => {
                    if let Some(listener) = listeners.remove(&emitted.id) {
                        drop(listener.send(Progress::Done(finish)));
                    }
                }
                None if !heard => {
                    batch.retire(emitted.id);
                    listeners.remove(&emitted.id);
                }
                None => {}
            }
        }
    }
}
