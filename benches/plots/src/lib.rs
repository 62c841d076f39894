//! The pictures of docs/: each is drawn from the tables of the pages that it stands beside, and from nothing else, so that
//! `cargo run -p tsd-figures -- plots` draws them again without measuring, and a test compares them with the tables.
//!
//! | File | What it owns |
//! |---|---|
//! | `table.rs` | reading a page's tables, and the figures in their cells |
//! | `panel.rs` | what a panel shows, and the picture's text for those who don't see it |
//! | `axis.rs` | the scales, and where they have labels |
//! | `draw.rs` | the layout: panels, legends, colours |
//! | `performance.rs`, `sizes.rs`, `instructions.rs` | which figures each picture shows |

mod axis;
mod draw;
mod instructions;
mod panel;
mod performance;
mod sizes;
mod table;

use std::path::Path;
use std::{fs, io};

use panel::Picture;

pub use table::Page;

/// A picture, and the pages whose tables it shows.
#[derive(Debug)]
pub struct Plot {
    /// Its file in docs/.
    pub file: &'static str,
    /// The pages in docs/.
    pub pages: &'static [&'static str],
    picture: fn(&[Page]) -> Result<Picture, String>,
}

/// docs/performance.svg, which `cargo bench` draws after it has written its page.
pub const PERFORMANCE: Plot =
    Plot { file: "performance.svg", pages: &["performance.md"], picture: performance::picture };

/// docs/sizes.svg.
pub const SIZES: Plot = Plot { file: "sizes.svg", pages: &["sizes.md"], picture: sizes::picture };

/// docs/instructions.svg.
pub const INSTRUCTIONS: Plot = Plot {
    file: "instructions.svg",
    pages: &["instructions.md", "instructions-images.md"],
    picture: instructions::picture,
};

/// All pictures.
pub const PLOTS: [&Plot; 3] = [&PERFORMANCE, &SIZES, &INSTRUCTIONS];

impl Plot {
    /// The picture as SVG text, from the pages as `read` gives them by their names.
    ///
    /// # Errors
    ///
    /// When a page can't be read, or has not the table, the row or the column that is to be drawn.
    pub fn draw(&self, read: impl Fn(&str) -> io::Result<String>) -> io::Result<String> {
        let texts = self.pages.iter().map(|name| read(name)).collect::<io::Result<Vec<String>>>()?;
        let pages: Vec<Page> = self.pages.iter().zip(&texts).map(|(name, text)| Page::read(name, text)).collect();
        (self.picture)(&pages).and_then(|picture| draw::svg(&picture)).map_err(io::Error::other)
    }

    /// Draws the picture from the pages in the folder `docs`, and writes it beside them.
    ///
    /// # Errors
    ///
    /// As `draw`, and when the file can't be written.
    pub fn write(&self, docs: &Path) -> io::Result<()> {
        fs::write(docs.join(self.file), self.draw(|page| fs::read_to_string(docs.join(page)))?)
    }
}
